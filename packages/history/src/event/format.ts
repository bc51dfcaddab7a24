/** The formats a history can be read from. The first two can be written as well. */
export const formats = ['jsonl', 'edn', 'jepsen-log', 'operations', 'porcupine-etcd', 'porcupine-kv'] as const
export type Format = (typeof formats)[number]
