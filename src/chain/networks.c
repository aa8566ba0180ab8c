/* SPDX-License-Identifier: Apache-2.0
 * One line a network, sorted by name: a test holds it to that. EIP-155 chain ids are those of
 * https://github.com/ethereum-lists/chains, SS58 prefixes those of
 * https://github.com/paritytech/ss58-registry. */
#include "chain/rules.h"

#include <string.h>

/* clang-format off */
const struct chain_network chain_networks[] = {
	/* name, chain, symbol, decimals, number, text, test */
	{ "Adi", &chain_evm, "ADI", 18, 36900, NULL, false },
	{ "Algorand", &chain_algorand, "ALGO", 6, 0, NULL, false },
	{ "AlgorandTestnet", &chain_algorand, "ALGO", 6, 0, NULL, true },
	{ "Aptos", &chain_aptos, "APT", 8, 1, NULL, false },
	{ "AptosTestnet", &chain_aptos, "APT", 8, 2, NULL, true },
	{ "ArbitrumGoerli", &chain_evm, "ETH", 18, 421613, NULL, true },
	{ "ArbitrumOne", &chain_evm, "ETH", 18, 42161, NULL, false },
	{ "ArbitrumSepolia", &chain_evm, "ETH", 18, 421614, NULL, true },
	{ "AvalancheC", &chain_evm, "AVAX", 18, 43114, NULL, false },
	{ "AvalancheCFuji", &chain_evm, "AVAX", 18, 43113, NULL, true },
	{ "BabylonGenesis", &chain_cosmos, "BABY", 6, 0, "bbn", false },
	{ "BabylonTestnet5", &chain_cosmos, "BABY", 6, 0, "bbn", true },
	{ "Base", &chain_evm, "ETH", 18, 8453, NULL, false },
	{ "BaseGoerli", &chain_evm, "ETH", 18, 84531, NULL, true },
	{ "BaseSepolia", &chain_evm, "ETH", 18, 84532, NULL, true },
	{ "Berachain", &chain_evm, "BERA", 18, 80094, NULL, false },
	{ "BerachainBArtio", &chain_evm, "BERA", 18, 80084, NULL, true },
	{ "BerachainBepolia", &chain_evm, "BERA", 18, 80069, NULL, true },
	{ "Bitcoin", &chain_bitcoin, "BTC", 8, 0x0005, "bc", false },
	{ "BitcoinSignet", &chain_bitcoin, "BTC", 8, 0x6fc4, "tb", true },
	{ "BitcoinTestnet3", &chain_bitcoin, "BTC", 8, 0x6fc4, "tb", true },
	{ "Bob", &chain_evm, "ETH", 18, 60808, NULL, false },
	{ "BobSepolia", &chain_evm, "ETH", 18, 808813, NULL, true },
	{ "Bsc", &chain_evm, "BNB", 18, 56, NULL, false },
	{ "BscTestnet", &chain_evm, "tBNB", 18, 97, NULL, true },
	{ "Cardano", &chain_cardano, "ADA", 6, 1, "addr", false },
	{ "CardanoPreprod", &chain_cardano, "ADA", 6, 0, "addr_test", true },
	{ "Celo", &chain_evm, "CELO", 18, 42220, NULL, false },
	{ "CeloAlfajores", &chain_evm, "CELO", 18, 44787, NULL, true },
	{ "Codex", &chain_evm, "ETH", 18, 81224, NULL, false },
	{ "CodexSepolia", &chain_evm, "ETH", 18, 812242, NULL, true },
	{ "CosmosHub4", &chain_cosmos, "ATOM", 6, 0, "cosmos", false },
	{ "CosmosIcsTestnet", &chain_cosmos, "ATOM", 6, 0, "cosmos", true },
	{ "Ethereum", &chain_evm, "ETH", 18, 1, NULL, false },
	{ "EthereumGoerli", &chain_evm, "ETH", 18, 5, NULL, true },
	{ "EthereumHolesky", &chain_evm, "ETH", 18, 17000, NULL, true },
	{ "EthereumHoodi", &chain_evm, "ETH", 18, 560048, NULL, true },
	{ "EthereumSepolia", &chain_evm, "ETH", 18, 11155111, NULL, true },
	{ "FantomOpera", &chain_evm, "FTM", 18, 250, NULL, false },
	{ "FantomTestnet", &chain_evm, "FTM", 18, 4002, NULL, true },
	{ "FlareC", &chain_evm, "FLR", 18, 14, NULL, false },
	{ "FlareCCoston2", &chain_evm, "C2FLR", 18, 114, NULL, true },
	{ "FlowEvm", &chain_evm, "FLOW", 18, 747, NULL, false },
	{ "FlowEvmTestnet", &chain_evm, "FLOW", 18, 545, NULL, true },
	{ "Ink", &chain_evm, "ETH", 18, 57073, NULL, false },
	{ "InkSepolia", &chain_evm, "ETH", 18, 763373, NULL, true },
	{ "KeyECDSA", &chain_key_ecdsa, "", 0, 0, NULL, false },
	{ "KeyEdDSA", &chain_key_eddsa, "", 0, 0, NULL, false },
	{ "Kusama", &chain_substrate, "KSM", 12, 2, NULL, false },
	{ "KusamaAssetHub", &chain_substrate, "KSM", 12, 2, NULL, false },
	{ "Litecoin", &chain_bitcoin, "LTC", 8, 0x3032, "ltc", false },
	{ "LitecoinTestnet", &chain_bitcoin, "LTC", 8, 0x6f3a, "tltc", true },
	{ "Near", &chain_near, "NEAR", 24, 0, NULL, false },
	{ "NearTestnet", &chain_near, "NEAR", 24, 0, NULL, true },
	{ "Optimism", &chain_evm, "ETH", 18, 10, NULL, false },
	{ "OptimismGoerli", &chain_evm, "ETH", 18, 420, NULL, true },
	{ "OptimismSepolia", &chain_evm, "ETH", 18, 11155420, NULL, true },
	{ "Plasma", &chain_evm, "XPL", 18, 9745, NULL, false },
	{ "PlasmaTestnet", &chain_evm, "XPL", 18, 9746, NULL, true },
	{ "Plume", &chain_evm, "PLUME", 18, 98866, NULL, false },
	{ "PlumeSepolia", &chain_evm, "PLUME", 18, 98867, NULL, true },
	{ "Polkadot", &chain_substrate, "DOT", 10, 0, NULL, false },
	{ "PolkadotAssetHub", &chain_substrate, "DOT", 10, 0, NULL, false },
	{ "Polygon", &chain_evm, "POL", 18, 137, NULL, false },
	{ "PolygonAmoy", &chain_evm, "POL", 18, 80002, NULL, true },
	{ "PolygonMumbai", &chain_evm, "MATIC", 18, 80001, NULL, true },
	{ "Race", &chain_evm, "ETH", 18, 6805, NULL, false },
	{ "RaceSepolia", &chain_evm, "ETH", 18, 6806, NULL, true },
	{ "SeiAtlantic2", &chain_cosmos, "SEI", 6, 0, "sei", true },
	{ "SeiPacific1", &chain_cosmos, "SEI", 6, 0, "sei", false },
	{ "Solana", &chain_solana, "SOL", 9, 0, NULL, false },
	{ "SolanaDevnet", &chain_solana, "SOL", 9, 0, NULL, true },
	{ "Sonic", &chain_evm, "S", 18, 146, NULL, false },
	{ "Stellar", &chain_stellar, "XLM", 7, 0, "Public Global Stellar Network ; September 2015", false },
	{ "StellarTestnet", &chain_stellar, "XLM", 7, 0, "Test SDF Network ; September 2015", true },
	{ "Tezos", &chain_tezos, "XTZ", 6, 0, NULL, false },
	{ "TezosGhostnet", &chain_tezos, "XTZ", 6, 0, NULL, true },
	{ "Ton", &chain_ton, "TON", 9, 0, NULL, false },
	{ "TonTestnet", &chain_ton, "TON", 9, 0, NULL, true },
	{ "Tron", &chain_tron, "TRX", 6, 0, NULL, false },
	{ "TronNile", &chain_tron, "TRX", 6, 0, NULL, true },
	{ "Westend", &chain_substrate, "WND", 12, 42, NULL, true },
	{ "WestendAssetHub", &chain_substrate, "WND", 12, 42, NULL, true },
	{ "XrpLedger", &chain_xrpl, "XRP", 6, 0, NULL, false },
	{ "XrpLedgerTestnet", &chain_xrpl, "XRP", 6, 0, NULL, true },
};
const size_t chain_network_count = HF_COUNT(chain_networks);

/* Names of the API's that nothing is known of here. */
static const char *const elsewhere[] = {
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
	"Paseo",
	"PaseoAssetHub",
	"Polymesh",
	"PolymeshTestnet",
	"SonicTestnet",
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
