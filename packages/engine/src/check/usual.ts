import type { History, Json } from '@chaosproxy/history'

// Values that the format of a history implies, unless options override them.

/** Returns the initial value. In Porcupine's key-value logs, a missing key is the empty string. */
export const usualInitial = (history: History): Json =>
  history.header?.initial ?? (history.format === 'porcupine-kv' ? '' : null)

/** Returns how failed cas operations are judged. In Porcupine's etcd logs, a failed cas found another value. */
export const usualFailedCas = ({ format }: History): 'drop' | 'observes' =>
  format === 'porcupine-etcd' ? 'observes' : 'drop'
