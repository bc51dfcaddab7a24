import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Between } from '../../../src/preload/machine.ts'
import type { Unsynced } from '../../../src/preload/power.ts'
import { openMachine, ways } from '../../preload/programs.ts'

/**
 * Returns the content of a file after a power loss. If `before` is given, the file had this content when the program
 * started.
 */
async function left(by: Between, script: string, before?: string, unsynced: Unsynced = 'lost'): Promise<string> {
  const { machine, disk, start } = await openMachine(['power-loss'], by)
  const path = join(disk, 'file')
  if (before !== undefined) writeFileSync(path, before)
  const program = await start(`${script}; say('written')`)
  expect(await program.line()).toBe('written')
  await program.kill()
  machine.losePower(unsynced)
  return readFileSync(path, 'latin1')
}

const APPENDING = `const fd = fs.openSync('file', 'a')`
const OPEN = `const fd = fs.openSync('file', 'r+')`

describe.each(ways)('a file after a power loss (by: $by)', ({ by, without }) => {
  beforeEach(({ skip }) => skip(without !== ''))

  test.each([
    [
      'what was fsynced, of what was appended',
      `fs.appendFileSync('file', 'cd', { flush: true }); fs.appendFileSync('file', 'ef')`,
      'ab',
      'abcd',
    ],
    [
      'what fdatasync synced',
      `${OPEN}; fs.writeSync(fd, 'cd', 2); fs.fdatasyncSync(fd); fs.writeSync(fd, 'ef', 4)`,
      'ab',
      'abcd',
    ],
    ['nothing of a new file', `fs.writeFileSync('file', 'ab')`, undefined, ''],
    [
      'what was overwritten and not fsynced',
      `${OPEN}; fs.writeSync(fd, 'XY', 1); fs.writeSync(fd, 'Z', 2)`,
      'abcd',
      'abcd',
    ],
    [
      'what was overwritten before an fsync',
      `${OPEN}; fs.writeSync(fd, 'XY', 1); fs.fsyncSync(fd); fs.writeSync(fd, 'Z', 0)`,
      'abcd',
      'aXYd',
    ],
    ['what was cut off', `fs.truncateSync('file', 1)`, 'abcd', 'abcd'],
    [
      'what was cut off, and then written',
      `${OPEN}; fs.ftruncateSync(fd, 1); fs.writeSync(fd, 'XYZXYZ', 1)`,
      'abcd',
      'abcd',
    ],
    ['what was emptied by an opening', `fs.writeFileSync('file', 'X')`, 'abcd', 'abcd'],
    [
      'what was written with O_DSYNC',
      `const fd = fs.openSync('file', fs.constants.O_WRONLY | fs.constants.O_DSYNC); fs.writeSync(fd, 'XY', 3)`,
      'abcd',
      'abcXY',
    ],
    [
      'what was fsynced through another descriptor',
      `fs.appendFileSync('file', 'cd'); fs.fsyncSync(fs.openSync('file', 'r'))`,
      'ab',
      'abcd',
    ],
    [
      'what a file held that took the name of another',
      `fs.writeFileSync('new', 'XY', { flush: true }); fs.renameSync('new', 'file')`,
      'abcd',
      'XY',
    ],
    [
      'nothing of a file that took a name before it was fsynced',
      `fs.writeFileSync('new', 'XY'); fs.renameSync('new', 'file')`,
      'abcd',
      '',
    ],
    [
      'what was fsynced by another process',
      `fs.appendFileSync('file', 'cd'); require('node:child_process').execFileSync(process.execPath, ['-e', 'fs.fsyncSync(fs.openSync("file"))'])`,
      'ab',
      'abcd',
    ],
    [
      'what several writes were at once',
      `${OPEN}; fs.writevSync(fd, [Buffer.from('X'), Buffer.from('YZ')], 0)`,
      'abcd',
      'abcd',
    ],
  ])('a file after a power loss has %s', async (_, script, before, after) => {
    expect(await left(by, script, before)).toBe(after)
  })

  test('a file has its earlier content after a power loss if a large overwrite was not synced', async () => {
    const script = `${OPEN}; fs.writeSync(fd, Buffer.alloc(100_000, 'X'), 0, 100_000, 5_000)`
    const before = 'abcdefghij'.repeat(20_000)
    expect(await left(by, script, before)).toBe(before)
  })

  test('a file after a power loss may have all earlier writes and only a part of the last write', async () => {
    const script = `for (let i = 0; i < 50; i++) fs.appendFileSync('file', 'abcdefghij')`
    const torn = await left(by, script, 'start', 'torn')
    expect(`start${'abcdefghij'.repeat(50)}`.startsWith(torn)).toBe(true)
    expect(torn.startsWith('start')).toBe(true)
  })

  test('a file after a power loss has all fsynced blocks, and maybe some blocks of an unsynced write', async () => {
    const script = `${OPEN}; fs.writeSync(fd, Buffer.alloc(40_960, 'X'), 0, 40_960, 0); fs.writeSync(fd, 'Y', 45_000)`
    const reordered = await left(by, script, 'a'.repeat(45_000), 'reordered')
    const blocks = reordered.match(/.{1,4096}/g) ?? []
    expect(blocks.slice(0, 10).every((block) => /^(?:X+|a+)$/.test(block))).toBe(true)
    expect(new Set(blocks.slice(0, 10).map(([first]) => first))).toEqual(new Set(['X', 'a']))
    expect(reordered.length === 45_000 || reordered.length === 45_001).toBe(true)
  })

  test('a file after a power loss has its last fsynced content, even after a second power loss', async () => {
    const { machine, disk, start } = await openMachine(['power-loss'], by)
    const program = await start(
      `fs.writeFileSync('file', 'ab', { flush: true }); fs.appendFileSync('file', 'cd'); say('')`,
    )
    await program.line()
    await program.kill()
    expect(machine.losePower('lost')).toEqual([{ path: 'file', before: 4, after: 2 }])
    expect(machine.losePower('lost')).toEqual([])
    expect(readFileSync(join(disk, 'file'), 'latin1')).toBe('ab')
  })

  test('a power loss keeps unsynced writes made before machine.settle(), and loses later unsynced writes', async () => {
    const { machine, disk, start } = await openMachine(['power-loss'], by)
    const program = await start(
      `${APPENDING}; fs.writeSync(fd, 'ab'); process.on('SIGUSR2', () => { fs.writeSync(fd, 'cd'); say('more') }); say('')`,
    )
    await program.line()
    machine.settle()
    program.signal('SIGUSR2')
    expect(await program.line()).toBe('more')
    await program.kill()
    machine.losePower('lost')
    expect(readFileSync(join(disk, 'file'), 'latin1')).toBe('ab')
  })

  test('a file after a power loss is not affected by the log of an earlier file with the same inode number', async () => {
    const { machine, disk, start } = await openMachine(['power-loss'], by)
    const program = await start(
      `fs.writeFileSync('old', 'ab'); fs.unlinkSync('old'); fs.writeFileSync('file', 'cd', { flush: true }); say('')`,
    )
    await program.line()
    await program.kill()
    machine.losePower('lost')
    expect(readFileSync(join(disk, 'file'), 'latin1')).toBe('cd')
    truncateSync(join(disk, 'file'))
  })
})

describe.each(ways)('a disk (by: $by)', ({ by, without }) => {
  beforeEach(({ skip }) => skip(without !== ''))

  const SYNC = `const fd = fs.openSync('file', 'a'); const sync = () => { const at = performance.now(); try { fs.writeSync(fd, 'x'); fs.fsyncSync(fd); say(Math.round(performance.now() - at)) } catch (error) { say(error.code) } }; process.on('SIGUSR2', sync); `

  test('a disk is slow, failing or full during a fault, and recovers after the heal', async () => {
    const { machine, start } = await openMachine(['slow-fsync', 'fail-fsync', 'fill-disk'], by)
    const program = await start(`${SYNC} setInterval(sync, 5)`)
    const until = async (right: (line: string) => boolean) => {
      while (!right(await program.line()));
    }
    const isQuick = (line: string) => Number(line) < 300
    await until(isQuick)
    const slow = machine.injectFault({ kind: 'slow-fsync', nodes: ['n1'], delayMs: 300 as never })
    await until((line) => Number(line) >= 300)
    expect(slow.hits()).toBeGreaterThan(0)
    slow.undo()
    await until(isQuick)
    const frozen = machine.injectFault({ kind: 'slow-fsync', nodes: ['n1'], delayMs: 60_000 as never })
    await expect.poll(frozen.hits, { timeout: 10_000 }).toBeGreaterThan(0)
    frozen.undo()
    await until(isQuick)
    const failing = machine.injectFault({ kind: 'fail-fsync', nodes: ['n1'] })
    await until((line) => line === 'EIO')
    failing.undo()
    expect(failing.hits()).toBeGreaterThan(0)
    await until(isQuick)
    const full = machine.injectFault({ kind: 'fill-disk', nodes: ['n1'] })
    await until((line) => line === 'ENOSPC')
    full.undo()
    expect(full.hits()).toBeGreaterThan(0)
    await until(isQuick)
  })

  test.each([
    ['a write', `fs.writeSync(fd, 'cd')`],
    ['a truncation', `fs.ftruncateSync(fd, 1)`],
    ['an opening that empties', `fs.openSync('file', 'w')`],
    ['an fsync', `fs.fsyncSync(fd)`],
    ['a write with O_DSYNC', `fs.writeSync(fs.openSync('file', fs.constants.O_WRONLY | fs.constants.O_DSYNC), 'x')`],
  ])('a freeze of a disk delays %s until the freeze ends or the program is killed', async (_, change) => {
    const { machine, disk, start } = await openMachine(['freeze-disk'], by)
    writeFileSync(join(disk, 'file'), 'ab')
    const changing = `${APPENDING}; process.on('SIGUSR2', () => { ${change}; say(fs.existsSync('../thawed')) }); say('')`
    const [one, other] = [await start(changing), await start(changing)]
    await Promise.all([one.line(), other.line()])
    const frozen = machine.injectFault({ kind: 'freeze-disk', nodes: ['n1'] })
    expect(frozen.hits()).toBe(0)
    one.signal('SIGUSR2')
    other.signal('SIGUSR2')
    await expect.poll(frozen.hits, { timeout: 10_000 }).toBe(2)
    expect(readFileSync(join(disk, 'file'), 'latin1')).toBe('ab')
    await other.kill()
    expect(readFileSync(join(disk, 'file'), 'latin1')).toBe('ab')
    writeFileSync(join(disk, '..', 'thawed'), '')
    frozen.undo()
    expect(await one.line()).toBe('true')
  })
})
