import { spawn, spawnSync } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { writeWholeFile } from '../../../../engine/src/whole-file.ts'
import { bin, chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { startProxy } from '../../proxy-process.ts'

const staleRead = join(root, 'histories', 'stale-read.jsonl')

interface Outcome {
  readonly exitCode: number | null
  readonly stderr: string
}

/** Runs the real command, with its standard output going to the given file. */
function chaosInto(file: string, args: readonly string[], input = ''): Outcome {
  const output = openSync(file, 'w')
  const { status, stderr } = spawnSync(process.execPath, [bin, ...args], {
    stdio: ['pipe', output, 'pipe'],
    input,
    cwd: root,
    encoding: 'utf8',
    timeout: 30_000,
  })
  closeSync(output)
  return { exitCode: status, stderr }
}

/** Runs the real command with a reader that closes the pipe after the first bytes. */
function chaosIntoHead(args: readonly string[], cwd = root): Promise<Outcome> {
  const child = spawn(process.execPath, [bin, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdout.once('data', () => child.stdout.destroy())
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  return new Promise((resolve) => child.on('close', (exitCode) => resolve({ exitCode, stderr })))
}

describe.skipIf(!existsSync('/dev/full'))('output that cannot be written', () => {
  const out = () => ['--out', temporaryDirectory()]

  test.each([
    ['check', staleRead],
    ['check', staleRead, '--json'],
    ['check', staleRead, '--json', '--expect', 'linearizable'],
    ['targets'],
    ['ctl', 'kinds'],
    ['--help'],
    ['--version'],
    ['proxy', '--control', '127.0.0.1:0', '--log', 'json'],
  ])('unwritable output leads to one line on stderr and exit code 4 in chaos %s %s %s', (...args) => {
    const { exitCode, stderr } = chaosInto('/dev/full', args)
    const said = stderr
      .split('\n')
      .filter((line) => line.startsWith('The output could not be written: no space is left'))
    expect({ exitCode, said: said.length, stderr }).toMatchObject({
      exitCode: 4,
      said: args[0] === '--version' ? 0 : 1,
    })
    expect(stderr).not.toMatch(/^ +at /m)
  })

  patientTest('unwritable output does not lose the findings of a search or a run', () => {
    const [found, ran] = [out(), out()]
    const fuzz = chaosInto('/dev/full', ['fuzz', '--bug', 'stale-read', '--seeds', '40', '--shrink', '1s', ...found])
    const run = chaosInto('/dev/full', ['run', '--sim', '--time', '1s', '--faults', 'none', ...ran])
    expect([fuzz.exitCode, run.exitCode]).toEqual([4, 4])
    expect(fuzz.stderr + run.stderr).not.toMatch(/^ +at /m)
    const directory = join(ran[1]!, readdirSync(ran[1]!)[0]!)
    expect(readdirSync(directory).sort()).toEqual(['history.jsonl', 'report.html', 'run.json'])
    expect(readdirSync(found[1]!)).toHaveLength(1)
  })

  test('unwritable standard error stops neither a verdict nor the traffic of a proxy', () => {
    const full = openSync('/dev/full', 'w')
    const quietly = (...args: string[]) =>
      spawnSync(process.execPath, [bin, ...args], {
        stdio: ['ignore', 'pipe', full],
        encoding: 'utf8',
        timeout: 30_000,
      })
    const checked = quietly('check', staleRead)
    expect([checked.status, checked.stdout]).toEqual([0, expect.stringContaining('NOT LINEARIZABLE')])
    expect(quietly('proxy', '--control', '127.0.0.1:0', '--log', 'json', '--time', '100ms').status).toBe(0)
    closeSync(full)
  })
})

describe('a closed output pipe', () => {
  test('causes no error', async () => {
    expect(await chaosIntoHead(['targets'])).toEqual({ exitCode: 0, stderr: '' })
    expect(await chaosIntoHead(['check', staleRead, '--json', '--expect', 'linearizable'])).toEqual({
      exitCode: 1,
      stderr: '',
    })
  })

  test('a closed output pipe ends chaos ctl watch', async () => {
    const { url } = await startProxy()
    const watching = chaosIntoHead(['ctl', 'watch', '--host', url])
    let watched = false
    void watching.then(() => {
      watched = true
    })
    while (!watched) await fetch(`${url}/v1/reset`, { method: 'POST' })
    expect((await watching).exitCode).toBe(0)
  })
})

describe('the separator --', () => {
  test('after the separator --, a file name may begin with a dash', async () => {
    const directory = temporaryDirectory()
    copyFileSync(staleRead, join(directory, '-weird.jsonl'))
    const { status, stdout } = spawnSync(
      process.execPath,
      [bin, 'check', '--expect', 'sequential', '--', '-weird.jsonl'],
      {
        cwd: directory,
        encoding: 'utf8',
      },
    )
    expect(stdout).toContain('NOT LINEARIZABLE'.slice(4))
    expect(status).toBe(0)
  })

  test('the separator -- ends the options of ctl, replay and check', async () => {
    expect((await chaosHere(['ctl', '--', 'kinds'])).stdout).toContain('latencyMs')
    expect((await chaosHere(['replay', '--', '--odd.json'])).stderr).toBe(
      '--odd.json: there is no such file. Check the path.\n',
    )
    expect(chaosInto('/dev/null', ['check', '--', '-'], readFileSync(staleRead, 'utf8')).exitCode).toBe(0)
  })

  test('a command without arguments refuses a word after -- even if it looks like an option', async () => {
    const { exitCode, stderr } = await chaosHere(['workloads', '--', '--json'])
    expect(stderr).toBe('chaos workloads takes no argument "--json". chaos workloads --help lists its arguments.\n')
    expect(exitCode).toBe(3)
  })
})

describe('chaos check --out', () => {
  test('chaos check --out overwrites an earlier report, and any other file only with --force', async () => {
    const directory = temporaryDirectory()
    const [page, history] = [join(directory, 'report.html'), join(directory, 'history.jsonl')]
    copyFileSync(staleRead, history)
    const check = (out: string, ...more: string[]) => chaosHere(['check', history, '--out', out, ...more])
    expect((await check(page)).exitCode).toBe(0)
    expect((await check(page)).exitCode).toBe(0)
    const refused = await check(history)
    expect(refused.exitCode).toBe(3)
    expect(refused.stderr).toBe(
      `--out ${history}: this would overwrite a file that is not an earlier report of this kind. Name another file, or give --force to replace this one.\n`,
    )
    expect(readFileSync(history, 'utf8')).toBe(readFileSync(staleRead, 'utf8'))
    expect((await check(history, '--force')).exitCode).toBe(0)
    expect(readFileSync(history, 'utf8')).toMatch(/^<!doctype html>/i)
  })

  test('the report of chaos check contains the command that repeats it, with the file name quoted for the shell', async () => {
    const directory = temporaryDirectory()
    const history = join(directory, "Jose's $1 run.jsonl")
    copyFileSync(staleRead, history)
    await chaosHere(['check', history, '--expect', 'sequential', '--out', join(directory, 'report.html')])
    const page = readFileSync(join(directory, 'report.html'), 'utf8').replaceAll('&#39;', "'").replaceAll('&quot;', '"')
    expect(page).toContain(`npx chaos check '${directory}/Jose'\\''s $1 run.jsonl' --expect sequential`)
  })
})

describe('writeWholeFile()', () => {
  test('writeWholeFile() keeps the old content and leaves no temporary file if the disk is full', (context) => {
    const disk = temporaryDirectory()
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status !== 0)
      context.skip('needs to mount a small disk, which takes root')
    onTestFinished(() => void spawnSync('umount', ['-l', disk]))
    const page = join(disk, 'report.html')
    writeWholeFile(page, 'short')
    expect(() => writeWholeFile(page, 'x'.repeat(1_000_000))).toThrow('ENOSPC')
    expect([readdirSync(disk), readFileSync(page, 'utf8')]).toEqual([['report.html'], 'short'])
    writeFileSync(join(disk, 'filler'), 'x'.repeat(56 * 1024))
    const { exitCode, stderr } = chaosInto('/dev/null', ['check', staleRead, '--out', join(disk, 'other.html')])
    expect({ exitCode, stderr }).toEqual({
      exitCode: 4,
      stderr: expect.stringContaining('other.html: no space is left'),
    })
    expect(readdirSync(disk).sort()).toEqual(['filler', 'report.html'])
  })

  test('writeWholeFile() writes to the target of a symbolic link, and keeps the link', () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'real'), 'old', { mode: 0o640 })
    symlinkSync('real', join(directory, 'link'))
    writeWholeFile(join(directory, 'link'), 'new')
    expect([readFileSync(join(directory, 'real'), 'utf8'), readdirSync(directory).sort()]).toEqual([
      'new',
      ['link', 'real'],
    ])
  })

  test.skipIf(!existsSync('/dev/full'))('writeWholeFile() writes to a device instead of replacing it', () => {
    const link = join(temporaryDirectory(), 'report.html')
    symlinkSync('/dev/full', link)
    const { exitCode, stderr } = chaosInto('/dev/null', ['check', staleRead, '--out', link])
    expect({ exitCode, stderr }).toEqual({ exitCode: 4, stderr: expect.stringContaining('no space is left') })
    expect(chaosInto('/dev/null', ['check', staleRead, '--out', '/dev/null']).exitCode).toBe(0)
  })
})
