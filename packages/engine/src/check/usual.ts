import { UNKNOWN_START } from '@chaosproxy/checker'
import type { History, Json } from '@chaosproxy/history'

// Defaults that depend on a history's format.

/**
 * Returns the initial value in the header, or else null. The accounts of a bank without deposits must have had money at
 * the start. Jepsen's histories do not contain these balances, so they are unknown.
 */
export const usualInitial = ({ header, functions }: History, model: string | undefined = header?.model): Json =>
  header?.initial ?? (model === 'bank' && !functions.includes('deposit') ? UNKNOWN_START : null)

/** In Porcupine's etcd logs, a failed cas found another value. */
export const usualFailedCas = ({ format }: History): 'drop' | 'observes' =>
  format === 'porcupine-etcd' ? 'observes' : 'drop'
