import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bin, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'

// Runs the real command on a real terminal of 80 columns, which util-linux's `script` creates.

const COLUMNS = 80
const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true

interface OnTerminal {
  readonly exitCode: number | null
  /** All bytes that were sent to the terminal. */
  readonly sent: string
}

/** Runs the command; once the terminal shows the text, types Ctrl-C. */
function onTerminal(
  args: readonly string[],
  { env = {}, until }: { readonly env?: NodeJS.ProcessEnv; readonly until?: string } = {},
): Promise<OnTerminal> {
  const { CI: _, NO_COLOR: __, FORCE_COLOR: ___, ...usual } = process.env
  const words = [process.execPath, bin, ...args].map((word) => `'${word}'`).join(' ')
  const child = spawn('script', ['-qfec', `stty cols ${COLUMNS} rows 50; exec ${words}`, '/dev/null'], {
    cwd: root,
    env: { ...usual, TERM: 'xterm', GITHUB_ACTIONS: '', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  let sent = ''
  let isTyped = until === undefined
  child.stdout.on('data', (chunk) => {
    sent += chunk
    if (isTyped || until === undefined || !sent.includes(until)) return
    isTyped = true
    child.stdin.write('\x03')
  })
  return new Promise((resolve) => child.on('close', (exitCode) => resolve({ exitCode, sent })))
}

/** A control sequence, or a single character. */
const STEP = new RegExp(`${'\x1b'}\\[\\??([\\d;]*)([A-Za-z])|.`, 'gsu')

/** Returns the final rows of a terminal, which wraps long lines and obeys control sequences. */
function rowsOf(sent: string): readonly string[] {
  const rows: string[][] = [[]]
  let [row, column] = [0, 0]
  const rowAt = (at: number): string[] => {
    while (rows.length <= at) rows.push([])
    return rows[at] as string[]
  }
  for (const [text, count = '', command] of sent.matchAll(STEP)) {
    const times = Number(count.split(';')[0] || 1)
    if (command === 'A') row = Math.max(0, row - times)
    else if (command === 'G') column = times - 1
    else if (command === 'K') rows[row] = count === '2' ? [] : rowAt(row).slice(0, column)
    else if (command === 'J') rows.length = row + 1
    else if (command !== undefined) continue
    else if (text === '\r') column = 0
    else if (text === '\n') row += 1
    else {
      if (column === COLUMNS) [row, column] = [row + 1, 0]
      const cells = rowAt(row)
      while (cells.length < column) cells.push(' ')
      cells[column] = text
      column += 1
    }
  }
  return rows.map((cells) => cells.join('').trimEnd())
}

const PROGRESS = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]|ops\/s {3}|so far/

describe.skipIf(!hasScript)('a terminal of 80 columns', () => {
  const run = (out: string, time: string) =>
    [
      'run',
      '--target',
      'primary-replica',
      '--faults',
      'partition',
      '--seed',
      '1',
      '--out',
      out,
      '--time',
      time,
    ] as const

  test('a terminal of 80 columns shows no trace of overwritten progress', { timeout: 60_000 }, async () => {
    const { sent } = await onTerminal(run(temporaryDirectory(), '2s'))
    expect(sent).toMatch(PROGRESS)
    const rows = rowsOf(sent)
    expect(rows.filter((text) => PROGRESS.test(text))).toEqual([])
    expect(rows.join('\n')).toMatch(/LINEARIZABLE/)
  })

  test('a terminal shows text without escape sequences with NO_COLOR', { timeout: 60_000 }, async () => {
    const simulated = ['run', '--sim', '--seed', '1', '--time', '300ms', '--out', temporaryDirectory()]
    expect((await onTerminal(simulated, { env: { NO_COLOR: '1' } })).sent).not.toContain('\x1b')
    expect((await onTerminal(simulated)).sent).toContain('\x1b')
  })

  test('Ctrl-C restores the cursor, clears the progress, and keeps the run on disk', {
    timeout: 60_000,
  }, async () => {
    const out = temporaryDirectory()
    const { exitCode, sent } = await onTerminal(run(out, '60s'), { until: 'ops/s' })
    expect(exitCode).toBe(130)
    const [directory = ''] = readdirSync(out).filter((name) => name !== 'index.html')
    for (const name of ['history.jsonl', 'run.json', 'report.html'])
      expect(existsSync(join(out, directory, name)), name).toBe(true)
    expect(rowsOf(sent).filter((text) => PROGRESS.test(text))).toEqual([])
    // A cursor that was hidden must be shown again at the end.
    expect(sent.lastIndexOf('\x1b[?25l')).toBeLessThanOrEqual(sent.lastIndexOf('\x1b[?25h'))
    expect(sent).not.toContain('\x1b[?1049h')
  })
})
