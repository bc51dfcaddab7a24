import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Event } from '@chaosproxy/history'
import { readEvents } from '@chaosproxy/history/files'
import { afterAll, expect, test } from 'vitest'

const directory = mkdtempSync(join(tmpdir(), 'chaos-events-'))
afterAll(() => rmSync(directory, { recursive: true }))

async function readFrom(text: string) {
  const path = join(directory, 'history')
  writeFileSync(path, text)
  const warnings: string[] = []
  const events: Event[] = []
  for await (const event of readEvents(path, { onWarning: (warning) => warnings.push(warning) })) events.push(event)
  return { events, warnings }
}

test('readEvents reports that the order of lines has no meaning if only sessions order the transactions', async () => {
  const { warnings } = await readFrom('r 0 1\n=====\nw 0 1\n')
  expect(warnings).toContainEqual(expect.stringContaining('check these lines with --order time'))
})

test('readEvents gives no warning about the order if the lines of a history are in order', async () => {
  expect((await readFrom('{"process":0,"type":"invoke","f":"read"}\n')).warnings).toEqual([])
})

test('readEvents distinguishes a key that is a number from a key that is a text', async () => {
  const line = (key: string): string => `{"process":0,"type":"invoke","f":"read","key":${key}}\n`
  const { events } = await readFrom(`${line('1')}${line('"1"').replace(':0', ':1')}`)
  expect(events.map(({ key }) => key)).toEqual(['1', '"1"'])
})
