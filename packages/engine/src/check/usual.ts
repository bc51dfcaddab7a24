import type { History, Json } from '@chaosproxy/history'

// Values that a history's format implies, by default.

/** In Porcupine's key-value logs, a missing key is the empty string. */
export const usualInitial = (history: History): Json =>
  history.header?.initial ?? (history.format === 'porcupine-kv' ? '' : null)

/** In Porcupine's etcd logs, a failed cas found another value. */
export const usualFailedCas = ({ format }: History): 'drop' | 'observes' =>
  format === 'porcupine-etcd' ? 'observes' : 'drop'
