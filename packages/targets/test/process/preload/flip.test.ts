import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { flipBit } from '../../../src/preload/flip.ts'
import { openMachine, ways } from '../../preload/programs.ts'

function diskWith(files: { readonly [path: string]: string }): string {
  const disk = mkdtempSync(join(tmpdir(), 'chaos-flip-'))
  onTestFinished(() => rmSync(disk, { recursive: true, force: true }))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(disk, path)), { recursive: true })
    writeFileSync(join(disk, path), content, 'latin1')
  }
  return disk
}

describe('the bit that a flip-bit fault flips', () => {
  test.each([
    ['the first file', 0, { path: 'a', offset: 0, before: 0x30, after: 0x31 }],
    ['a later file', 0.5, { path: 'b/c', offset: 1, before: 0x33, after: 0x32 }],
    ['the last byte', 1, { path: 'b/c', offset: 3, before: 0x35, after: 0x34 }],
  ])('flipBit takes `at` as a fraction of the bytes of all files, and flips a bit in %s', (_, at, flip) => {
    const disk = diskWith({ a: '01', 'b/c': '2345' })
    expect(flipBit(disk, { at, bit: 0 })).toEqual(flip)
    expect(readFileSync(join(disk, flip.path))[flip.offset]).toBe(flip.after)
  })

  test('a second flip of the same bit restores its old value', () => {
    const disk = diskWith({ a: 'abc' })
    for (let i = 0; i < 2; i++) flipBit(disk, { at: 0.5, bit: 7 })
    expect(readFileSync(join(disk, 'a'), 'latin1')).toBe('abc')
  })

  test('flipBit never flips a bit in the zeros at the end of a file', () => {
    const disk = diskWith({ a: `ab\0c${'\0'.repeat(200_000)}` })
    expect(flipBit(disk, { at: 1, bit: 0 })).toMatchObject({ offset: 3 })
  })

  test('flipBit flips bits only in files whose path contains `files`, and only in text that matches the pattern', () => {
    const disk = diskWith({ 'log/a': 'x=12 y=\u00ff', 'data/a': 'x=12' })
    expect(flipBit(disk, { files: 'log/', matching: '(?<==)[^ ]+', at: 1, bit: 1 })).toMatchObject({
      path: 'log/a',
      offset: 7,
    })
  })

  test.each([
    ['no file has that name', { files: 'other' }],
    ['nothing matches', { matching: 'z' }],
    ['every match is empty', { matching: 'z*' }],
    ['files are empty', { files: 'empty' }],
  ])('flipBit returns undefined if %s', (_, choice) => {
    expect(flipBit(diskWith({ a: 'abc', empty: '', zeros: '\0\0' }), { at: 0.5, bit: 0, ...choice })).toBeUndefined()
  })
})

describe.each(ways)('a program whose disk has a flipped bit (by: $by)', ({ by, without }) => {
  beforeEach(({ skip }) => skip(without !== ''))

  test('a program reads the flipped byte of its disk after a restart', async () => {
    const { machine, disk, start } = await openMachine(['flip-bit', 'power-loss'], by)
    writeFileSync(join(disk, 'file'), 'abc')
    const reading = `say(fs.readFileSync('file', 'latin1'))`
    const program = await start(reading)
    expect(await program.line()).toBe('abc')
    await program.kill()
    expect(machine.flipBit({ kind: 'flip-bit', nodes: ['n1'], at: 0.5, bit: 0 })).toMatchObject({ offset: 1 })
    expect(await (await start(reading)).line()).toBe('acc')
  })
})

test('a flip-bit fault works without a preloaded library or a file system of its own', async () => {
  const { machine } = await openMachine(['flip-bit'])
  expect(machine.below).toEqual({ by: 'nothing' })
  expect(machine.under({ words: ['program'] })).toEqual({ words: ['program'] })
})
