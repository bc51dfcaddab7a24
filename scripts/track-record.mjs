// node scripts/track-record.mjs             judges every subject that has no kept result
// node scripts/track-record.mjs NAME ...    judges these anew
//
// A subject is a folder of examples/track-record: a package from npm, a service that uses the package as its
// documentation says, and subject.json with the promise of the package. Each subject runs in a copy of its folder, with
// the packages of its lock file. The results are kept in packages/cli/docs/gallery/subjects.jsonl, one per line.
// `npx vitest run packages/cli/test/process/gallery/kept.test.ts -u` writes the page from them. Needs npm run
// build:tested, and the servers that subjects name.
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

const root = join(import.meta.dirname, '..')
const chaos = join(root, 'packages', 'cli', 'bin', 'chaos.js')
const folder = join(root, 'examples', 'track-record')
const file = join(root, 'packages', 'cli', 'docs', 'gallery', 'subjects.jsonl')
const EXIT = { holds: 0, weak: 1 }
const TRIALS = 3
const LONGEST_MS = 10 * 60_000

const kept = new Map(
  (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').filter(Boolean) : [])
    .map((line) => JSON.parse(line))
    .map((subject) => [subject.name, subject]),
)
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .toSorted()
/** The id of the running process group. It includes all processes that the command started. */
let running
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    endGroup(running)
    process.exit(130)
  })
const [, , ...asked] = process.argv
let failed = 0
for (const name of asked.length > 0 ? asked : names.filter((each) => !kept.has(each))) {
  const wrong = await judge(name)
  if (wrong !== undefined) failed++
  console.log(`${name}: ${wrong ?? kept.get(name).result}`)
}
process.exitCode = failed === 0 ? 0 : 1

/**
 * Judges a subject and keeps the result. Returns the first difference from its subject.json; undefined if there is
 * none.
 */
async function judge(name) {
  const subject = JSON.parse(readFileSync(join(folder, name, 'subject.json'), 'utf8'))
  const around = mkdtempSync(join(tmpdir(), 'chaos-subject-'))
  const remove = () => rmSync(around, { recursive: true, force: true })
  process.once('exit', remove)
  const copy = join(around, name)
  try {
    cpSync(join(folder, name), copy, { recursive: true, filter: (path) => basename(path) !== 'node_modules' })
    cpSync(join(folder, 'postgres.mjs'), join(around, 'postgres.mjs'))
    if (existsSync(join(copy, 'package-lock.json')))
      await run(copy, 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'])
    const found = await simulated(copy, subject.args)
    const expected = subject.result === 'holds' ? EXIT.holds : EXIT.weak
    if (found.code !== expected) return `exit code ${found.code} in place of ${expected}\n${found.said}`
    const cured = subject.cure?.args === undefined ? undefined : await simulated(copy, subject.cure.args)
    if (cured !== undefined && cured.code !== EXIT.holds)
      return `the cure ends with exit code ${cured.code}\n${cured.said}`
    const real = subject.real === undefined ? undefined : await trials(copy, subject.real.command, EXIT.weak)
    if (real !== undefined && real.as !== TRIALS) return `real processes showed it ${real.as} of ${TRIALS} times`
    const realCured = subject.real?.cured === undefined ? undefined : await trials(copy, subject.real.cured, EXIT.holds)
    if (realCured !== undefined && realCured.as !== TRIALS)
      return `real processes were clean ${realCured.as} of ${TRIALS} times`
    const { args: _, cure, real: __, ...said } = subject
    kept.set(name, {
      name,
      ...said,
      ...(cure === undefined ? {} : { cure: cure.says }),
      ...{ seeds: seedsOf(subject.args), seconds: found.seconds, triedOn: new Date().toISOString().slice(0, 10) },
      ...(real === undefined ? {} : { real: { trials: TRIALS, seconds: real.seconds } }),
    })
    const inOrder = names.flatMap((each) => kept.get(each) ?? [])
    writeFileSync(file, inOrder.map((each) => `${JSON.stringify(each)}\n`).join(''))
    return undefined
  } finally {
    process.off('exit', remove)
    remove()
  }
}

function simulated(cwd, args) {
  return run(cwd, process.execPath, [chaos, ...args])
}

async function trials(cwd, [command, ...args], expected) {
  const each = []
  while (each.length < TRIALS) each.push(await run(cwd, command, args))
  return {
    as: each.filter(({ code }) => code === expected).length,
    seconds: Math.max(...each.map(({ seconds }) => seconds)),
  }
}

async function run(cwd, command, args) {
  const began = performance.now()
  const env = { ...process.env, NO_COLOR: '1' }
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  running = child.pid
  const late = setTimeout(() => endGroup(child.pid), LONGEST_MS)
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      said += text
    })
  // Waits for `exit`, because processes that the command leaves behind may hold its streams open.
  const code = await new Promise((resolve) => child.once('error', () => resolve(null)).once('exit', resolve))
  clearTimeout(late)
  endGroup(child.pid)
  running = undefined
  return { code, said, seconds: Math.round((performance.now() - began) / 100) / 10 }
}

function endGroup(pid) {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // No process of the group is left.
  }
}

function seedsOf(args) {
  const at = args.indexOf('--seeds')
  return at === -1 ? undefined : Number(args[at + 1])
}
