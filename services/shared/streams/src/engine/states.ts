import { memoryStates, type StateDirectory } from '../store/state-directory.ts';
export async function openStateDirectory(_: object): Promise<StateDirectory> {
  return memoryStates();
}
