import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { faultDefinitions, nemeses, parametersOf, trafficFamilies } from '@chaosproxy/faults'
import { memberText } from '@chaosproxy/runner'
import { measures } from '@chaosproxy/runner/result'
import { describe, expect, onTestFinished, test } from 'vitest'
import { chaosHere, root } from '../../../../testing/src/chaos.ts'

const docs = join(root, 'packages', 'cli', 'docs')
const names = readdirSync(docs).filter((name) => name.endsWith('.md'))
const read = (name: string) => readFileSync(join(docs, name), 'utf8')
const MARK = '<!-- Generated from here on: npx vitest run packages/cli/test/process/docs/manuals.test.ts -u -->\n'

/** A table in Markdown. Empty cells are kept. */
const table = (heading: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heading, heading.map(() => '---'), ...rows]
    .map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
    .join('')

async function expectGenerated(name: string, generated: string): Promise<void> {
  const [head, rest] = read(name).split(MARK)
  expect(rest, `${name} has the mark`).toBeDefined()
  await expect(`${head}${MARK}\n${generated}`).toMatchFileSnapshot(join(docs, name))
}

describe('the manuals', () => {
  test.each(['adding-a-fault.md', 'extending.md'])(
    'the extension code in the manual %s is tested, and the paths in the manual exist',
    (name) => {
      const page = read(name)
      const folder = join(root, 'packages', 'cli', 'test', 'adding', 'added')
      const added = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'))
      const blocks = Array.from(page.matchAll(/```ts\n(.*?)```/gs), ([, code = '']) => code)
      expect(blocks).not.toEqual([])
      // The comparison starts at `=`. In the file, an `export` and a declared type may precede `=`; the page omits
      // both.
      const statements = blocks.flatMap((block) => block.match(/= define\w+\([\s\S]*?^\}\)$/gm) ?? [])
      expect(statements.length).toBeGreaterThanOrEqual(blocks.length)
      for (const statement of statements)
        expect(
          added.some((text) => text.includes(statement)),
          statement,
        ).toBe(true)
      const paths = Array.from(page.matchAll(/`(packages\/[\w./-]+)`/g), ([, path = '']) => path)
      expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
    },
  )

  test('the manuals show the exact output of the run command in the README', async () => {
    const path = join(root, 'README.md')
    const readme = readFileSync(path, 'utf8')
    const [whole = '', command = ''] =
      /```sh\n(npx chaos run --sim [^\n]*)\n```\n\n```text\n[\s\S]*?```/.exec(readme) ?? []
    const out = mkdtempSync(join(tmpdir(), 'chaos-readme-'))
    onTestFinished(() => rmSync(out, { recursive: true, force: true }))
    const { stdout } = await chaosHere([...command.split(' ').slice(2), '--out', out])
    const [printed = ''] = /^ {2}\S[\s\S]*?^ {2}Process [\s\S]*?(?=\n {2}history\.jsonl)/m.exec(stdout) ?? []
    // The checking time differs between machines, and with it the number of spaces.
    const sample = printed.replace(/^( {2}NOT \S+) +(checked .*) in [\d.]+ m?s$/m, '$1   $2')
    const shown = `\`\`\`sh\n${command}\n\`\`\`\n\n\`\`\`text\n${sample}\n\`\`\``
    await expect(readme.replace(whole, () => shown)).toMatchFileSnapshot(path)
  })

  test('the manuals list the faults and parameters that are declared in the code', async () => {
    const ofTraffic = trafficFamilies.flatMap(({ kinds }) => kinds.map(({ kind }) => kind as string))
    const others = faultDefinitions.filter(({ kind }) => !ofTraffic.includes(kind))
    const families = [...trafficFamilies, { summary: 'nodes, disks and clocks', kinds: others, when: {}, match: {} }]
    const sections = families.map(({ summary, kinds, when, match }) => {
      const rows = kinds.map(({ kind, summary: what, parameters, shorthands }) => [
        `\`${kind}\``,
        what,
        parametersOf({ ...parameters, ...shorthands })
          .map(({ name }) => `\`${name}\``)
          .join(', '),
        nemeses
          .filter((nemesis) => nemesis.kind === kind)
          .map(({ name }) => `\`${name}\``)
          .join(', '),
      ])
      const narrowed = parametersOf({ ...match, ...when }).map(({ name }) => `\`${name}\``)
      const which = narrowed.length === 0 ? '' : `\nNarrowed by ${narrowed.join(', ')}.\n`
      return `## Faults of ${summary}\n\n${table(['kind', 'what happens', 'parameters', '`--faults`'], rows)}${which}`
    })
    await expectGenerated('faults.md', sections.join('\n'))
  })

  test('the manuals list exactly the targets of the registry', async () => {
    const { stdout } = await chaosHere(['targets', '--json'])
    const targets: readonly {
      target: string
      tier: string
      summary: string
      defaultNodes: number
      promises: string
    }[] = JSON.parse(stdout)
    const rows = targets
      .filter(({ tier }) => tier === 'real')
      .map(({ target, summary, defaultNodes, promises }) => [`\`${target}\``, summary, String(defaultNodes), promises])
    await expectGenerated('targets.md', table(['target', 'what it is', 'nodes', 'promises under faults'], rows))
  })

  test('the manuals list the members that the configuration schema declares', async () => {
    interface Member {
      readonly type?: string
      readonly anyOf?: readonly Member[]
      readonly enum?: readonly string[]
      readonly description?: string
      readonly properties?: { readonly name?: Member }
    }
    const schema = JSON.parse(
      readFileSync(join(root, 'packages', 'cli', 'schema', 'chaos.config.schema.json'), 'utf8'),
    ) as { readonly properties: { readonly [name: string]: Member } }
    const typeOf = ({ type, anyOf, enum: values }: Member): string =>
      values !== undefined ? 'one of a few names' : (type ?? [...new Set(anyOf?.map(typeOf))].join(' or '))
    const { $schema: _, ...members } = schema.properties
    const rows = Object.entries(members).map(([name, member]) => {
      const named = member.anyOf?.find(({ properties }) => properties?.name !== undefined)?.properties?.name
      return [`\`${name}\``, typeOf(member), member.description ?? named?.description ?? memberText(name)]
    })
    await expectGenerated('configuration.md', table(['member', 'is', 'meaning'], rows))
  })

  test('the manuals list all measures of --require', () => {
    const page = read('ci.md')
    for (const { name, summary } of measures) expect(page).toContain(`| \`${name}\` | ${summary} |`)
  })

  test('the manuals show the drawings that chaos check prints', async () => {
    const shown = [...read('levels.md').matchAll(/```sh\nnpx chaos check (\S+)\n```\n\n```text\n([\s\S]*?)```/g)]
    expect(shown.length).toBeGreaterThan(4)
    for (const [, file, drawing] of shown) {
      const { stdout } = await chaosHere(['check', file!], { cwd: root })
      expect(stdout, file).toContain(drawing!)
    }
  })

  test('the manuals show the anomaly that chaos check finds in transactions', async () => {
    const [, words = '', shown] =
      /```sh\nnpx chaos (check \S+ --expect \S+)\n```\n\n```text\n([\s\S]*?)```/.exec(read('transactions.md')) ?? []
    const { stdout, exitCode } = await chaosHere(words.split(' '), { cwd: root })
    expect(stdout).toContain(shown)
    expect(exitCode).toBe(1)
  })

  test.each([...names.map((name) => join('packages', 'cli', 'docs', name)), 'README.md'])(
    'the links in %s lead only to files that exist',
    (page) => {
      const text = readFileSync(join(root, page), 'utf8')
      for (const [, link] of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g))
        expect(existsSync(join(root, dirname(page), link!)), `${page}: ${link}`).toBe(true)
    },
  )

  test.each([...names, '../../../README.md'])('no paragraph in %s has more than five lines', (name) => {
    const prose = read(name)
      .split(MARK)[0]!
      .replaceAll(/^```.*?^```$/gms, '\n')
    const paragraphs = prose.split(/\n\s*\n|\n(?= *- )/).map((text) => text.trim().split('\n'))
    expect(paragraphs.filter(([first = '', ...rest]) => !first.startsWith('|') && rest.length > 4)).toEqual([])
  })

  test('the first link in the README is first-hour.md, the first of the manuals', () => {
    const [, link] = /\]\(([^)]+)\)/.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? []
    expect(link).toBe('packages/cli/docs/first-hour.md')
  })

  test('the README links to every manual', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    for (const name of names) expect(readme, name).toContain(`(packages/cli/docs/${name})`)
  })
})
