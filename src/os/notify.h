/* SPDX-License-Identifier: Apache-2.0
 * Telling systemd how far we are (sd_notify(3)): "READY=1", "STOPPING=1", "STATUS=…". Without
 * $NOTIFY_SOCKET, and when nobody listens, nothing happens. */
#ifndef HF_OS_NOTIFY_H
#define HF_OS_NOTIFY_H

void os_notify(const char *state);

#endif
