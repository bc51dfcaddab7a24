import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../../../../testing/src/chaos.ts'
import { declarationsOf, exportsOf } from '../../docs/declarations.ts'

const MARK =
  '<!-- Generated from the docstrings: npx tsc -b && npx vitest run packages/cli/test/process/docs/api-page.test.ts -u -->\n'
const page = join(root, 'packages', 'cli', 'docs', 'api.md')

const entries = [
  { name: 'chaosproxy', declarations: join(root, 'packages', 'cli', 'dist', 'index.d.ts') },
  { name: 'chaosproxy/matchers', declarations: join(root, 'packages', 'cli', 'dist', 'matchers', 'index.d.ts') },
  { name: '@chaosproxy/vitest', declarations: declarationsOf('@chaosproxy/vitest') },
  { name: '@chaosproxy/assertions', declarations: declarationsOf('@chaosproxy/assertions') },
  { name: '@chaosproxy/playwright', declarations: declarationsOf('@chaosproxy/playwright') },
  { name: '@chaosproxy/testcontainers', declarations: declarationsOf('@chaosproxy/testcontainers') },
  { name: '@chaosproxy/undici', declarations: declarationsOf('@chaosproxy/undici') },
].map(({ name, declarations }) => ({ name, exported: exportsOf(declarations) }))

describe('the page of the API', () => {
  test('the API page has a docstring for everything that a package exports', () => {
    const silent = entries.flatMap(({ name, exported }) =>
      exported.filter(({ doc }) => doc === '').map((each) => `${name}: ${each.name}`),
    )
    expect(silent).toEqual([])
  })

  test('the API page shows the type of everything that a package exports', async () => {
    const sections = entries.map(({ name, exported }) => {
      const parts = exported.map(
        (each) => `### ${each.name}\n\n${each.doc}\n\n\`\`\`ts\n${each.text.replaceAll(/^( +)/gm, halved)}\n\`\`\`\n`,
      )
      return `## ${name}\n\n${parts.join('\n')}`
    })
    const [head] = readFileSync(page, 'utf8').split(MARK)
    await expect(`${head}${MARK}\n${sections.join('\n')}`).toMatchFileSnapshot(page)
  })
})

/** Declarations are indented by four spaces, and our sources by two. */
const halved = (blanks: string): string => ' '.repeat(Math.ceil(blanks.length / 2))
