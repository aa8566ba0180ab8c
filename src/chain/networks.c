/* SPDX-License-Identifier: Apache-2.0
 * One line a network, sorted by name: a test holds it to that. EIP-155 chain ids are those of
 * https://github.com/ethereum-lists/chains, SS58 prefixes those of
 * https://github.com/paritytech/ss58-registry. */
#include "chain/rules.h"

#include <string.h>

/* clang-format off */
const struct chain_network chain_networks[] = {
	/* name, chain, symbol, decimals, number, text, test */
	{ "Algorand", &chain_algorand, "ALGO", 6, 0, NULL, false },
	{ "AlgorandTestnet", &chain_algorand, "ALGO", 6, 0, NULL, true },
	{ "Bitcoin", &chain_bitcoin, "BTC", 8, 0x0005, "bc", false },
	{ "BitcoinSignet", &chain_bitcoin, "BTC", 8, 0x6fc4, "tb", true },
	{ "BitcoinTestnet3", &chain_bitcoin, "BTC", 8, 0x6fc4, "tb", true },
	{ "Cardano", &chain_cardano, "ADA", 6, 1, "addr", false },
	{ "CardanoPreprod", &chain_cardano, "ADA", 6, 0, "addr_test", true },
	{ "KeyECDSA", &chain_key_ecdsa, "", 0, 0, NULL, false },
	{ "KeyEdDSA", &chain_key_eddsa, "", 0, 0, NULL, false },
	{ "Litecoin", &chain_bitcoin, "LTC", 8, 0x3032, "ltc", false },
	{ "LitecoinTestnet", &chain_bitcoin, "LTC", 8, 0x6f3a, "tltc", true },
	{ "Solana", &chain_solana, "SOL", 9, 0, NULL, false },
	{ "SolanaDevnet", &chain_solana, "SOL", 9, 0, NULL, true },
	{ "Stellar", &chain_stellar, "XLM", 7, 0, "Public Global Stellar Network ; September 2015", false },
	{ "StellarTestnet", &chain_stellar, "XLM", 7, 0, "Test SDF Network ; September 2015", true },
	{ "Tezos", &chain_tezos, "XTZ", 6, 0, NULL, false },
	{ "TezosGhostnet", &chain_tezos, "XTZ", 6, 0, NULL, true },
	{ "Ton", &chain_ton, "TON", 9, 0, NULL, false },
	{ "TonTestnet", &chain_ton, "TON", 9, 0, NULL, true },
};
const size_t chain_network_count = HF_COUNT(chain_networks);

/* Names of the API's that nothing is known of here. */
static const char *const elsewhere[] = {
	"Adi",
	"AdiTestnet",
	"AdiTestnetAb",
	"BitcoinCash",
	"BitcoinCashTestnet",
	"Canton",
	"CantonDevnet",
	"CantonTestnet",
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
	"Origyn",
	"Polymesh",
	"PolymeshTestnet",
	"Starknet",
	"StarknetSepolia",
	"Sui",
	"SuiTestnet",
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
