import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Format, type History, INFO } from '@chaosproxy/history'
import { readHistory } from '@chaosproxy/history/files'
import { expect, test } from 'vitest'

const corpus = fileURLToPath(new URL('../../../../../shared/corpus', import.meta.url))

interface Entry {
  readonly file: string
  readonly format: string
  readonly ops: number
  readonly opsCounts?: 'lines'
  readonly hasInvocations?: boolean
  readonly processes: number
  readonly types?: { readonly [type: string]: number }
}

const formatsOfManifest: Record<string, Format> = {
  jsonl: 'jsonl',
  'jepsen-edn': 'edn',
  'porcupine-jepsen-log': 'porcupine-etcd',
  'porcupine-kv': 'porcupine-kv',
}

const entries = (): readonly Entry[] =>
  readFileSync(`${corpus}/MANIFEST.jsonl`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Entry)

/** Counts the events of each type. Includes the nemesis's events, as the manifest does. */
function countTypes({ operations, nemesis }: History): Record<string, number> {
  const counts = { invoke: operations.length, ok: 0, fail: 0, info: 0 }
  for (const { type } of nemesis) counts[type] += 1
  const names = ['ok', 'fail', 'info'] as const
  for (let row = 0; row < operations.length; row += 1) {
    if (operations.returnEvent[row] === -1) continue
    const name = names[operations.outcome[row] ?? INFO]
    if (name !== undefined) counts[name] += 1
  }
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
}

for (const folder of ['porcupine', 'porcupine-jsonl', 'knossos', 'brute', 'classic', 'jepsen', 'elle']) {
  test(`every labelled history in corpus/${folder} has the outcome counts of the manifest`, async (context) => {
    if (!existsSync(`${corpus}/MANIFEST.jsonl`)) context.skip('the shared corpus of labelled histories is not here')
    const listed = entries().filter((entry) => entry.file.startsWith(`${folder}/`))
    const files = readdirSync(`${corpus}/${folder}`)
    expect(new Set(listed.map((entry) => entry.file.slice(folder.length + 1)))).toEqual(new Set(files))
    const wrong: string[] = []
    for (const entry of listed) {
      const history = await readHistory(`${corpus}/${entry.file}`)
      const empty = history.eventCount === 0
      if (!empty && history.format !== formatsOfManifest[entry.format])
        wrong.push(`${entry.file}: read as ${history.format}`)
      if (entry.opsCounts === 'lines' || entry.hasInvocations === false) {
        const events = history.eventCount
        if (events !== entry.ops) wrong.push(`${entry.file}: ${events} events instead of ${entry.ops}`)
        continue
      }
      if (history.operations.length !== entry.ops) {
        wrong.push(`${entry.file}: ${history.operations.length} operations instead of ${entry.ops}`)
      }
      const types = entry.types ?? countTypes(history)
      if (JSON.stringify(countTypes(history)) !== JSON.stringify(sorted(types))) {
        wrong.push(`${entry.file}: ${JSON.stringify(countTypes(history))} instead of ${JSON.stringify(types)}`)
      }
    }
    expect(wrong).toEqual([])
  })
}

const sorted = (types: { readonly [type: string]: number }): Record<string, number> =>
  Object.fromEntries(['invoke', 'ok', 'fail', 'info'].flatMap((type) => (types[type] ? [[type, types[type]]] : [])))
