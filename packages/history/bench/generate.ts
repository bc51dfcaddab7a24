import { closeSync, openSync, writeSync } from 'node:fs'

export interface Shape {
  readonly operations: number
  readonly processes: number
  /** The number of keys; 0 for a single register without keys. */
  readonly keys: number
  /** Whether to write in Jepsen's format; by default in the native format. */
  readonly edn?: boolean
}

/**
 * Writes a history of one atomic register, or of one per key. Written values are unique, half of the operations are
 * reads, and one in twenty never completes, so that its process is replaced. Returns the bytes written.
 */
export function generateHistory(path: string, { operations, processes, keys, edn = false }: Shape): number {
  const file = openSync(path, 'w')
  const clients = Array.from({ length: processes }, (_, number) => ({ number, completion: '' }))
  const stored = new Map<number, string>()
  let seed = 7
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
  let bytes = 0
  let lines = ''
  let time = 0
  let nextProcess = processes
  const write = (line: string): void => {
    time += 1 + random(400)
    lines += `${line}${time}}\n`
    if (lines.length > 1 << 20) flush()
  }
  const flush = (): void => {
    bytes += writeSync(file, lines)
    lines = ''
  }
  for (let operation = 0; operation < operations; ) {
    const client = clients[random(processes)]
    if (client === undefined) continue
    if (client.completion !== '') {
      write(client.completion)
      client.completion = ''
      continue
    }
    const key = random(Math.max(1, keys))
    const keyed = keys === 0 ? '' : edn ? `:key "k${key}", ` : `"key":"k${key}",`
    const value = keys === 0 ? `${operation}` : `"v${operation} of ${client.number}"`
    const isRead = random(2) === 0
    const f = isRead ? 'read' : 'write'
    const begin = (type: string): string =>
      edn
        ? `{:process ${client.number}, :type :${type}, :f :${f}, ${keyed}:value `
        : `{"process":${client.number},"type":"${type}","f":"${f}",${keyed}"value":`
    const timed = edn ? ', :time ' : ',"time":'
    const nothing = edn ? 'nil' : 'null'
    write(`${begin('invoke')}${isRead ? nothing : value}${timed}`)
    const type = random(20) === 0 ? 'info' : 'ok'
    const result = isRead && type === 'ok' ? (stored.get(key) ?? nothing) : isRead ? nothing : value
    client.completion = `${begin(type)}${result}${timed}`
    if (!isRead) stored.set(key, value)
    if (type === 'info') {
      write(client.completion)
      client.completion = ''
      client.number = nextProcess
      nextProcess += 1
    }
    operation += 1
  }
  for (const client of clients) if (client.completion !== '') write(client.completion)
  flush()
  closeSync(file)
  return bytes
}
