/** The formats a history may be written in. The first two can be written as well. */
export const formats = ['jsonl', 'edn', 'porcupine-etcd', 'porcupine-kv'] as const
export type Format = (typeof formats)[number]

export const formatNames: Readonly<Record<Format, string>> = {
  jsonl: 'chaos JSONL',
  edn: 'Jepsen EDN',
  'porcupine-etcd': 'Porcupine etcd log',
  'porcupine-kv': 'Porcupine key-value log',
}

export const isFormat = (text: string): text is Format => (formats as readonly string[]).includes(text)
