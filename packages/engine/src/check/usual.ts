import type { History, Json } from '@chaosproxy/history'

// The meaning of a history's format, unless options say otherwise.

/** In Porcupine's key-value logs a missing key is the empty string. */
export const usualInitial = (history: History): Json =>
  history.header?.initial ?? (history.format === 'porcupine-kv' ? '' : null)

/** In Porcupine's etcd logs a failed cas found another value. */
export const usualFailedCas = ({ format }: History): 'drop' | 'observes' =>
  format === 'porcupine-etcd' ? 'observes' : 'drop'
