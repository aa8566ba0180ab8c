/* SPDX-License-Identifier: Apache-2.0
 * Which addresses are the public internet's. What a caller names as a target must not reach what
 * only we can reach: this machine, its network, a cloud's metadata. */
#ifndef HF_OS_ADDRESS_H
#define HF_OS_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* Globally reachable by the registries of special-purpose addresses (RFC 6890 and its updates); an
 * IPv6 address that carries an IPv4 one is judged by both. False for any other family. */
bool address_is_public(const struct sockaddr *a);

/* Of one network segment, or where a cloud tells a machine its secrets: no service that people set
 * up stands there. An IPv6 address that carries an IPv4 one is judged by that. */
bool address_is_link_local(const struct sockaddr *a);

#endif
