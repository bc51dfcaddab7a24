import { startOf } from '@chaosproxy/checker'
import type { History, Json } from '@chaosproxy/history'

// Defaults that depend on a history's format.

/** Returns the initial value in the header or, without one, the usual value of the model. */
export const usualInitial = (history: History, model: string | undefined = history.header?.model): Json =>
  startOf(model, history.header?.initial, history)

/** In Porcupine's etcd logs, a failed cas found another value. */
export const usualFailedCas = ({ format }: History): 'drop' | 'observes' =>
  format === 'porcupine-etcd' ? 'observes' : 'drop'
