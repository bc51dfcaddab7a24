// node scripts/keep-gallery.mjs             runs every exhibit that has no kept results
// node scripts/keep-gallery.mjs NAME ...    runs these exhibits again
//
// Runs exhibits of `chaos gallery`, one after another, and keeps their results in packages/cli/docs/gallery/kept.jsonl,
// one per line. `npx vitest run packages/cli/test/process/gallery/kept.test.ts -u` writes the page from them. Needs npm
// run build and the programs of scripts/install-servers.sh. Keeps the old result of an exhibit whose server is missing.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const cli = join(import.meta.dirname, '..', 'packages', 'cli')
const chaos = join(cli, 'bin', 'chaos.js')
const file = join(cli, 'docs', 'gallery', 'kept.jsonl')

const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
const kept = new Map(lines.map((line) => JSON.parse(line)).map((exhibit) => [exhibit.name, exhibit]))
const names = JSON.parse(execFileSync(process.execPath, [chaos, 'gallery', '--json'])).map(({ name }) => name)
const [, , ...asked] = process.argv
const wanted = asked.length > 0 ? asked : names.filter((name) => !kept.has(name))
const out = mkdtempSync(join(tmpdir(), 'chaos-gallery-'))
try {
  for (const name of wanted) {
    const stdio = ['ignore', 'pipe', 'inherit']
    const { stdout } = spawnSync(process.execPath, [chaos, 'gallery', 'run', name, '--json', '--out', out], { stdio })
    const [exhibit] = stdout.length === 0 ? [] : JSON.parse(stdout).exhibits
    if (exhibit === undefined || exhibit.outcome === 'skipped') continue
    kept.set(name, exhibit)
    // Writes all results after each exhibit, so that an interruption loses none. They are in the order of the gallery.
    const inOrder = names.flatMap((each) => kept.get(each) ?? [])
    writeFileSync(file, inOrder.map((each) => `${JSON.stringify(each)}\n`).join(''))
    console.log(`${name}: ${exhibit.outcome}`)
  }
} finally {
  rmSync(out, { recursive: true, force: true })
}
