/** Every failure of this folder, by code. */
export const datasetCodes = {
  /** python3 or its pip is not there. Install it as the message says, or go on with samples. */
  pythonMissing: 'ZT-DATASETS-PYTHON',
  /** pip could not fetch the package: no network, or a mirror without it. The message has pip's last words. */
  fetchFailed: 'ZT-DATASETS-FETCH',
  /** What was fetched is not, byte for byte, what this code was written for. Nothing of it is kept. */
  digestMismatch: 'ZT-DATASETS-DIGEST',
  /** A value of the data set is not of the kind that the mapping expects. */
  unexpectedValue: 'ZT-DATASETS-VALUE',
} as const;
