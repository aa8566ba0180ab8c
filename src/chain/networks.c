/* SPDX-License-Identifier: Apache-2.0
 * One line a network, sorted by name: a test holds it to that. EIP-155 chain ids are those of
 * https://github.com/ethereum-lists/chains, SS58 prefixes those of
 * https://github.com/paritytech/ss58-registry. */
#include "chain/rules.h"

#include <string.h>

/* clang-format off */
const struct chain_network chain_networks[] = {
	/* name, chain, symbol, decimals, number, text, test */
	{ "KeyECDSA", &chain_key_ecdsa, "", 0, 0, NULL, false },
	{ "KeyEdDSA", &chain_key_eddsa, "", 0, 0, NULL, false },
};
const size_t chain_network_count = HF_COUNT(chain_networks);

/* Names of the API's that nothing is known of here. */
static const char *const elsewhere[] = {
	"Adi",
	"AdiTestnet",
	"AdiTestnetAb",
	"Algorand",
	"AlgorandTestnet",
	"Bitcoin",
	"BitcoinCash",
	"BitcoinCashTestnet",
	"BitcoinSignet",
	"BitcoinTestnet3",
	"Canton",
	"CantonDevnet",
	"CantonTestnet",
	"Cardano",
	"CardanoPreprod",
	"Dogecoin",
	"DogecoinTestnet",
	"Hedera",
	"HederaTestnet",
	"InternetComputer",
	"Ion",
	"IonTestnet",
	"Iota",
	"IotaTestnet",
	"IotaZodianet",
	"Kaspa",
	"KaspaTestnet11",
	"KeyECDSAStark",
	"Litecoin",
	"LitecoinTestnet",
	"Origyn",
	"Polymesh",
	"PolymeshTestnet",
	"Solana",
	"SolanaDevnet",
	"Starknet",
	"StarknetSepolia",
	"Stellar",
	"StellarTestnet",
	"Sui",
	"SuiTestnet",
	"Tezos",
	"TezosGhostnet",
	"Ton",
	"TonTestnet",
	"Tsc",
	"TscTestnet1",
};
/* clang-format on */

static int by_name(const void *name, const void *network)
{
	return strcmp(name, ((const struct chain_network *)network)->name);
}

hf_status chain_network_find(const char *name, const struct chain_network **ret, struct hf_err *err)
{
	const struct chain_network *found = bsearch(name, chain_networks, chain_network_count,
	                                            sizeof(chain_networks[0]), by_name);

	if (found) {
		*ret = found;
		return HF_SUCCESS;
	}
	for (size_t i = 0; i < HF_COUNT(elsewhere); i++)
		if (strcmp(elsewhere[i], name) == 0)
			return hf_fail(err, HF_UNSUPPORTED,
			               "network \"%s\" is not supported: use KeyECDSA or KeyEdDSA, "
			               "and sign hashes or messages that you made yourself",
			               name);
	return hf_fail(err, HF_NOTFOUND, "there is no network \"%.64s\"", name);
}
