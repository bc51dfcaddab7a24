import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'

// Tests the commands of the gallery, with shorter runs. Whether a run shows the violation in the picture depends on the
// interleaving, so these tests accept any verdict.

const docs = join(root, 'packages', 'cli', 'docs')
const sections = readFileSync(join(docs, 'gallery.md'), 'utf8')
  .split('\n## ')
  .slice(1)
  .filter((section) => section.includes('`npx chaos '))
const SERVERS: { readonly [target: string]: string } = { redis: 'redis-server', etcd: 'etcd' }

describe('a picture in the gallery', () => {
  for (const section of sections) {
    const [title] = section.split('\n')
    const [, command] = /^`npx chaos (.*) --time 8s`$/m.exec(section) ?? []
    const [, picture] = /\]\((.*\.png)\)/.exec(section) ?? []
    const [, target] = /--target (\S+)/.exec(command ?? '') ?? []
    const server = SERVERS[target ?? '']
    const isMissing = server !== undefined && installed(server) === undefined
    test.skipIf(isMissing)(
      `the picture ${title} in the manual has one command, which prints a verdict and leaves a report${isMissing ? `: ${whySkipped(server)}` : ''}`,
      async () => {
        expect(existsSync(join(docs, picture!))).toBe(true)
        const cwd = temporaryDirectory()
        const { exitCode, stdout, stderr } = await chaos([...command!.split(' '), '--time', '3s'], { cwd })
        // A run this short may have any verdict.
        expect(exitCode, stderr).toBeLessThanOrEqual(2)
        expect(stdout).toMatch(/checked [\d,]+ operations/)
        expect(existsSync(join(cwd, 'chaos-results', 'index.html'))).toBe(true)
      },
    )
  }
})
