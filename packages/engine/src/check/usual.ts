import type { History, Json } from '@chaosproxy/history'

// Values that a history's format implies, by default.

export const usualInitial = ({ header }: Pick<History, 'header'>): Json => header?.initial ?? null

/** In Porcupine's etcd logs, a failed cas found another value. */
export const usualFailedCas = ({ format }: History): 'drop' | 'observes' =>
  format === 'porcupine-etcd' ? 'observes' : 'drop'
