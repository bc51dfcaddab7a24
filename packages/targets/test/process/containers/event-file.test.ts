import { spawn } from 'node:child_process'
import { appendFileSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { eventIn, follow, timeOfDay, type WrittenEvent, watchEventFile } from '../../../src/containers/event-file.ts'

const line = (status: string, more: object = {}) =>
  JSON.stringify({ ID: 'c1', Status: status, Time: '2026-11-24T04:07:34.140177279Z', Type: 'container', ...more })

test("a line of podman's event file is parsed as a start, an end or no event", () => {
  expect(eventIn(line('start'))).toEqual({ id: 'c1', what: 'start', time: '04:07:34.140177279' })
  expect(eventIn(line('died'))).toMatchObject({ what: 'die' })
  expect(eventIn(line('init'))).toBeUndefined()
  expect(eventIn(line('start', { Type: 'image' }))).toBeUndefined()
  expect(eventIn('{"ID":"c1","Sta')).toBeUndefined()
})

test('the time of day of a podman event is parsed from its text form', () => {
  expect(timeOfDay('start c1 2026-11-24 04:07:34.140177279 +0000 UTC')).toBe('04:07:34.140177279')
})

test('events appended to the event file are reported, even if a line arrives in pieces', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-events-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'events.log')
  writeFileSync(path, `${line('start', { ID: 'before' })}\n`)
  const told: WrittenEvent[] = []
  onTestFinished(follow(path, (event) => void told.push(event)))
  const text = `${line('start')}\n${line('died')}\n`
  appendFileSync(path, text.slice(0, 30))
  appendFileSync(path, text.slice(30))
  await expect
    .poll(() => told.map(({ id, what }) => [id, what]))
    .toEqual([
      ['c1', 'start'],
      ['c1', 'die'],
    ])
})

test('watchEventFile follows the event file of a program, and ignores an error log of the same name', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-events-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'events', 'events.log')
  mkdirSync(join(directory, 'events'))
  writeFileSync(path, '')
  const complaints = openSync(join(directory, 'events.log'), 'a')
  const script = `require('fs').openSync(${JSON.stringify(path)}); setInterval(() => {}, 1e6)`
  const program = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', complaints] })
  closeSync(complaints)
  onTestFinished(() => void program.kill('SIGKILL'))
  const told: WrittenEvent[] = []
  onTestFinished(watchEventFile(program.pid ?? 0, (event) => void told.push(event)))
  // No event is reported until the watch has found the file.
  await expect
    .poll(
      () => {
        appendFileSync(path, `${line('start')}\n`)
        return told.at(-1)
      },
      { timeout: 30_000 },
    )
    .toMatchObject({ id: 'c1', what: 'start' })
})
