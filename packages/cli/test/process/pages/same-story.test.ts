import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readHistory } from '@chaosproxy/history/files'
import { expect, test } from 'vitest'
import { chaosHere, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { assertLinearizable, matchers } from '../../../src/matchers/index.ts'

// Every report of a violation contains the same sentence: which read, of which key, from which node and when.

const SENTENCE =
  "process 1 read 1 for x from n2 at 0.014 s, 2.0 ms after process 0's write of 2 was acknowledged by n1."
const file = join(root, 'histories', 'stale-read.jsonl')

/** Returns the words of a text, without line breaks and without the escapes of its format. */
const wordsOf = (text: string): string =>
  text
    .replaceAll(/%0A/g, ' ')
    .replaceAll(/&#39;|&apos;/g, "'")
    .replaceAll('’', "'")
    .replaceAll(/\\'/g, "'")
    .replaceAll(/\s+/g, ' ')
    .toLowerCase()

async function tellings(): Promise<{ readonly [where: string]: string }> {
  const directory = temporaryDirectory()
  const formats = ['junit', 'github', 'html', 'json', 'jsonl', 'markdown', 'tap', 'dot'] as const
  const place = (format: string) => join(directory, format)
  const chosen = formats.flatMap((format) => ['--reporter', `${format}=${place(format)}`])
  const { stdout } = await chaosHere(['check', file, '--expect', 'linearizable', ...chosen])
  const explained = await chaosHere(['explain', file])
  const history = await readHistory(file)
  const { message } = matchers.toBeLinearizable.call({ isNot: false }, history)
  return {
    terminal: stdout,
    explain: explained.stdout,
    vitest: message(),
    'node:test': messageOf(() => assertLinearizable(history)),
    ...Object.fromEntries(formats.map((format) => [format, readFileSync(place(format), 'utf8')])),
  }
}

function messageOf(work: () => void): string {
  try {
    work()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it passed')
}

test('every page, every report and every test failure describes the same violation in the same sentence', async () => {
  const told = await tellings()
  for (const [where, text] of Object.entries(told)) expect(wordsOf(text), where).toContain(SENTENCE.toLowerCase())
})

test('the terminal, every report and every test failure draw the same violation in the same way', async () => {
  const told = await tellings()
  const drawing = (text = ''): readonly string[] =>
    text
      .split(/\n|%0A/)
      .filter((line) => /^ *\d+\.\d+ s .*[┌└]/.test(line))
      .map((line) => line.trim().replaceAll(/ +/g, ' '))
  expect(drawing(told['terminal'])).toHaveLength(6)
  for (const where of ['vitest', 'node:test', 'junit', 'github', 'markdown'])
    expect(drawing(told[where]), where).toEqual(drawing(told['terminal']))
})
