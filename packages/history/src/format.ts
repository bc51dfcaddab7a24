/** The formats a history may be written in. The first two can be written as well. */
export type Format = 'jsonl' | 'edn' | 'porcupine-etcd' | 'porcupine-kv'
