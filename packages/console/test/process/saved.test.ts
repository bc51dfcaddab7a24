import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { checkFiles } from '@chaosproxy/engine'
import { USUAL_CHECK } from '@chaosproxy/engine/judged'
import { describe, expect, test } from 'vitest'
import { savedBytes } from '../../src/saved/bytes.ts'
import { judgeSaved } from '../../src/saved/judge-saved.ts'
import type { Judged, Outcome, Progress, Question } from '../../src/saved/messages.ts'
import { emptyView, progressText, tabTitle, withAnswer } from '../../src/saved/view.ts'

const root = join(import.meta.dirname, '../../../..')
const histories = join(root, 'histories')
const corpus = join(root, '..', 'shared', 'corpus')

type Content = string | Uint8Array<ArrayBuffer>
const file = (name: string, content: Content) => ({ name, blob: new Blob([content]) })

const judge = (
  files: Question['files'],
  more: Partial<Question> = {},
  told: (progress: Progress) => void = () => {},
): Promise<Outcome> => judgeSaved({ files, model: undefined, timeoutMs: 30_000, version: '1.2.3', ...more }, told)

async function judged(...files: Question['files']): Promise<Judged> {
  const outcome = await judge(files)
  if (outcome.type !== 'judged') throw new Error(outcome.why)
  return outcome
}

async function refused(...files: Question['files']): Promise<string> {
  const outcome = await judge(files)
  return outcome.type === 'refused' ? outcome.why : `not refused: ${outcome.title}`
}

/** Returns the results of `chaos check` for a file, as JSON and as a report, or its refusal. */
async function checked(path: string): Promise<readonly string[] | string> {
  const reporters = ['json', 'html'].map((name) => ({ name, file: undefined, isOwn: false }))
  const output = { reporters, screen: { colours: false, terminal: { width: 110, unicode: true } } }
  const task = { file: path, settings: USUAL_CHECK, alone: true, again: '', output }
  for await (const result of checkFiles([task], USUAL_CHECK)) {
    if ('trouble' in result) return result.trouble.message
    if ('stopped' in result) return result.stopped
    return result.part.texts.map((text) => ('content' in text ? text.content : text.threw))
  }
  throw new Error('nothing was checked')
}

/** Removes the time, the file's path and the command from a result. */
function lasting(json: string) {
  const { telling, ...result } = JSON.parse(json)
  return { ...result, telling: { ...telling, next: telling.next.text }, timing: undefined, file: undefined }
}

/**
 * Returns the words and numbers of a page, without the parts that differ between the compared pages: the path of the
 * file, the commands and the durations.
 */
const wordsOf = (page: string, path: string): string =>
  page
    .replace(/<style>.*?<\/style>|<script.*?<\/script>|<div class="reproduce">.*?<\/div>/gs, '')
    .replace(/<div><dt>Repeat<\/dt>.*?<\/div>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll(path, 'FILE')
    .replaceAll(path.replace(/^.*\//, ''), 'FILE')
    .replace(/\d+ operations? in [\d.]+ m?s/g, 'OPERATIONS')
    .replace(/chaos\s+\S+/, 'chaos')
    .replace(/\s+/g, ' ')

async function expectSame(path: string): Promise<void> {
  const said = await checked(path)
  const name = path.replace(/^.*\//, '')
  if (typeof said === 'string') {
    expect(await refused(file(name, readFileSync(path)))).toBe(said.replaceAll(path, name))
    return
  }
  const [json = '', page = ''] = said
  const own = await judged(file(name, readFileSync(path)))
  expect(lasting(own.json)).toEqual(lasting(json))
  expect(wordsOf(own.page, path)).toBe(wordsOf(page, path))
}

describe('the page that checks saved histories', () => {
  const names = readdirSync(histories).filter((name) => name.endsWith('.jsonl'))

  test.each(names)(
    'the page for saved histories reports for %s the same as chaos check, to the last digit',
    async (name) => {
      await expectSame(join(histories, name))
    },
  )

  test.skipIf(!existsSync(corpus))(
    'the page for saved histories reports for labelled histories the same as chaos check, in every format',
    async () => {
      const lines = readFileSync(join(corpus, 'MANIFEST.jsonl'), 'utf8').trim().split('\n')
      const labelled: { file: string; format: string; ops: number }[] = lines.map((line) => JSON.parse(line))
      const byFormat = new Map<string, string[]>()
      for (const { file: name, format, ops } of labelled)
        if (ops <= 100) byFormat.set(format, [...(byFormat.get(format) ?? []), name])
      for (const files of byFormat.values()) for (const name of files.slice(0, 8)) await expectSame(join(corpus, name))
      expect(byFormat.size).toBeGreaterThan(2)
    },
  )

  const stale = readFileSync(join(histories, 'stale-read.jsonl'))

  test('the page for saved histories reads gzip files, and the parts of a recording in the order of their numbers', async () => {
    const plain = await judged(file('stale-read.jsonl', stale))
    const packed = await judged(file('stale-read.jsonl.gz', new Uint8Array(gzipSync(stale))))
    const lines = stale.toString().trim().split('\n')
    const part = (number: number, from: number, to: number) =>
      file(`part-000${number}.jsonl`, lines.slice(from, to).join('\n'))
    const parts = await judged(part(2, 5, 20), part(1, 0, 5))
    for (const { json } of [packed, parts]) expect(lasting(json)).toEqual(lasting(plain.json))
    expect(parts.file).toBe('part-0001.jsonl and 1 more')
  })

  test('the page for saved histories shows its progress while it reads and checks', async () => {
    const told: Progress[] = []
    await judge([file('stale-read.jsonl', stale)], {}, (progress) => told.push(progress))
    expect(told).toEqual([
      { type: 'reading', bytes: stale.length, of: stale.length },
      { type: 'judging', operations: 6 },
    ])
    expect(told.map(progressText)).toEqual(['Reading 0.0 of 0.0 MB', 'Judging 6 operations'])
  })

  test('the page for saved histories uses the chosen model, or by default the model in the history', async () => {
    const queue = [
      { process: 0, type: 'invoke', f: 'enqueue', value: 1 },
      { process: 0, type: 'ok', f: 'enqueue', value: 1 },
      { process: 0, type: 'invoke', f: 'dequeue' },
      { process: 0, type: 'ok', f: 'dequeue', value: 2 },
    ]
    const lines = queue.map((line) => JSON.stringify(line)).join('\n')
    expect(await refused(file('queue.jsonl', lines))).toMatch(/enqueue/)
    const outcome = await judge([file('queue.jsonl', lines)], { model: 'queue' })
    expect(outcome).toMatchObject({ type: 'judged' })
    expect(outcome.type === 'judged' && outcome.page).toContain('npx chaos check queue.jsonl --model queue')
    const own = await judged(file('queue.jsonl', `{"chaos":1,"model":"queue"}\n${lines}`))
    expect(JSON.parse(own.json).levels.linearizable.result).toBe('violated')
  })

  test.each<[string, string, Content, RegExp]>([
    ['an empty file', 'empty.jsonl', '', /empty\.jsonl: this file is empty/],
    ['white space', 'blank.jsonl', '\n\n  \n', /empty|white space/],
    ['prose', 'notes.txt', 'Dear diary,\n', /of no known form/],
    ['a JSON array', 'list.json', '[{"process":0}]', /one JSON array/],
    ['bytes', 'photo.png', new Uint8Array([137, 80, 78, 71, 0, 0, 0]), /PNG image|binary/],
    ['a broken line', 'broken.jsonl', '{"process":0,"type":"invoke","f":"read"}\n{"process":\n{}\n', /broken\.jsonl:2/],
    ['gzip cut off', 'cut.jsonl.gz', new Uint8Array(gzipSync('x'.repeat(9999)).subarray(0, 20)), /gzip.*cut off/],
    ['an unknown model', 'm.jsonl', '{"chaos":1,"model":"teapot"}\n{"process":0,"type":"invoke","f":"read"}', /teapot/],
  ])('the page for saved histories refuses %s, and gives the reason', async (_, name, content, why) => {
    expect(await refused(file(name, content))).toMatch(why)
  })

  test('the page for saved histories refuses a file that expands beyond the memory of a tab, and names a command', async () => {
    const packed = file('long.jsonl.gz', new Uint8Array(gzipSync('{"chaos":1}\n'.repeat(100_000))))
    const { source } = savedBytes([packed], () => {}, 1_000_000)
    const readAll = async () => {
      const space = new Uint8Array(65_536)
      while ((await source.read(space)) > 0);
    }
    await expect(readAll()).rejects.toThrow(/more than 1 MB of text.*npx chaos check long\.jsonl\.gz/)
  })

  test('the page for saved histories refuses several histories, and names the chaos check command that accepts them', async () => {
    expect(await refused(file('a.jsonl', stale), file('b.jsonl', stale))).toMatch(/npx chaos check FILES/)
    expect(await refused(file('part-0001.jsonl', stale), file('part-0003.jsonl', stale))).toMatch(/missing/)
  })

  test('the page for saved histories escapes markup, bidirectional characters and NUL in a history and its file name', async () => {
    const evil = '</script><img src=x onerror=alert(1)>"\'\u202e\u0000'
    const event = (process: string, type: string, f: string, value: unknown) =>
      JSON.stringify({ process, type, f, key: evil, value, node: evil })
    const lines = [event(evil, 'invoke', 'write', evil), event(evil, 'ok', 'write', evil)]
    const { page } = await judged(file(`${evil}.jsonl`, lines.join('\n')))
    expect(page.includes('<img')).toBe(false)
    expect(page.match(/.{0,80}\u202e.{0,40}/)?.[0]).toBe(undefined)
    expect(page.includes('\u0000')).toBe(false)
    expect(page.match(/<script/g)?.length).toBe(page.match(/<\/script>/g)?.length)
  })
})

describe('the state of the page for saved histories', () => {
  const working = { at: 'working', name: 'a.jsonl', progress: undefined } as const
  const shown: Judged = { type: 'judged', title: 'Lost', file: 'a.jsonl', page: '<p>', json: '{}' }

  test('the page for saved histories shows the result of a check, or the reason why it refuses a history', () => {
    expect(withAnswer(working, shown)).toEqual({ at: 'showing', judged: shown })
    expect(withAnswer(working, { type: 'refused', why: 'no' })).toEqual({ at: 'asking', refusal: 'no' })
    expect(tabTitle(withAnswer(working, shown))).toBe('Lost: a.jsonl')
  })

  test('the page for saved histories does not change if a result arrives after the check was stopped', () => {
    expect(withAnswer(emptyView, shown)).toBe(emptyView)
  })
})
