import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Event, Header } from '@chaosproxy/history'
import { openHistoryWriter, type ReadOptions, readHistory } from '@chaosproxy/history/files'
import { afterAll, expect, test } from 'vitest'
import { readEvents } from '../../src/files/read.ts'

const directory = mkdtempSync(join(tmpdir(), 'chaos-events-'))
afterAll(() => rmSync(directory, { recursive: true }))

async function readFrom(text: string, options: ReadOptions = {}) {
  const path = join(directory, 'history')
  writeFileSync(path, text)
  const warnings: string[] = []
  const events: Event[] = []
  let header: Header | undefined
  const read = readEvents(path, {
    ...options,
    onWarning: (warning) => warnings.push(warning),
    onHeader: (found) => {
      header = found
    },
  })
  for await (const event of read) events.push(event)
  return { events, warnings, header, path }
}

const CONCURRENT = [
  '{"process":0,"type":"invoke","f":"write","value":1,"time":10000000}',
  '{"process":0,"type":"ok","f":"write","value":1,"time":20000000}',
  '{"process":1,"type":"invoke","f":"read","time":20000000}',
  '{"process":1,"type":"ok","f":"read","value":null,"time":30000000}',
].join('\n')

test.each([
  ['transactions in sessions without times', 'r 0 1\n=====\nw 0 1\n', {}],
  ['events sorted by time', CONCURRENT, { ordering: { by: 'time' } }],
  ['events sorted by skewed clocks', CONCURRENT, { ordering: { by: 'time', skewNanos: 4e6 } }],
] satisfies readonly [string, string, ReadOptions][])(
  'a history written with the header of readEvents has the same order as its source: %s',
  async (_, text, options) => {
    const { events, header, path } = await readFrom(text, options)
    const source = await readHistory(path, options)
    const written = join(directory, 'written.jsonl')
    const writer = openHistoryWriter(written, { header })
    writer.appendAll(events)
    writer.close()
    expect((await readHistory(written)).clocks).toEqual(source.clocks)
    expect((await readHistory(written, { ordering: { by: 'lines' } })).clocks).toBeUndefined()
  },
)

test('readEvents gives no stamps if the lines of a history are in order', async () => {
  const { warnings, header } = await readFrom(`${CONCURRENT}\n`)
  expect({ warnings, header }).toEqual({ warnings: [], header: undefined })
})

test('readEvents distinguishes a key that is a number from a key that is a text', async () => {
  const line = (key: string): string => `{"process":0,"type":"invoke","f":"read","key":${key}}\n`
  const { events } = await readFrom(`${line('1')}${line('"1"').replace(':0', ':1')}`)
  expect(events.map(({ key }) => key)).toEqual(['1', '"1"'])
})
