// npm run mutate                     tries every deliberate mistake of mutations/
// npm run mutate -- recorder         tries the mistakes in a package
// npm run mutate -- zones models/    tries the mistakes whose name or file contains one of the words
// npm run mutate -- --jobs 1         tries one mistake at a time (default: 2)
// npm run mutate -- --list           lists the mistakes without trying them
// npm run mutate -- recorder --drawn 30 --seed 1
//                                    tries mistakes drawn at random in one package, instead of those of mutations/
// npm run mutate -- --verify FILE    tries whether the verifier alone notices each mistake (scripts/verify-mistakes.ts)
//
// Makes one mistake at a time in a copy of the packages, and runs the tests of the changed package in the copy. Exits
// with 1 if a mistake survives the tests, or no longer applies because the source has changed.
import { type ChildProcess, spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { drawMutations } from './drawn-mutations.ts'
import { applied, type Mutation, pathOf, sourceOf } from './mutations/mutation.ts'
import { mutations } from './mutations/registry.ts'
import { verifyMistakes } from './verify-mistakes.ts'

/** The root of the repository, because npm runs scripts there. */
const root = process.cwd()
const PACKAGES = readdirSync(join(root, 'packages'))
const FLOORS = ['unit', 'process', 'soak']
/** The configuration of Vitest, with everything that it imports, and the scripts that make the bundles. */
const SETTINGS_OF_TESTS = ['.', 'scripts'].flatMap((directory) =>
  readdirSync(join(root, directory))
    .filter((name) => /\.m?ts$|\.mjs$/.test(name) && (directory === 'scripts' || name.startsWith('vitest.')))
    .map((name) => join(directory, name)),
)
/**
 * A mistake also counts as caught if the tests with it take longer than `PATIENCE` times their time without it, plus
 * `PATIENCE_MS`.
 */
const PATIENCE = 4
const PATIENCE_MS = 20_000
const WITHOUT_MISTAKE_MS = 900_000

interface Outcome {
  readonly result: 'passed' | 'failed' | 'timed out'
  /** The test that failed, or another reason for the failure. */
  readonly by: string
  readonly ms: number
}

const { values: options, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    drawn: { type: 'string' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    list: { type: 'boolean', default: false },
    verify: { type: 'string' },
  },
})
if (options.drawn !== undefined && (words.length === 0 || words.some((word) => !PACKAGES.includes(word)))) {
  console.error(`--drawn needs the names of packages, such as: npm run mutate -- recorder --drawn 30 --seed 1
The packages are ${PACKAGES.join(', ')}.`)
  process.exit(3)
}
const chosen =
  options.drawn === undefined
    ? mutations.filter((mutation) => words.length === 0 || words.some((word) => isMeant(mutation, word)))
    : words.flatMap((word) => drawMutations(root, word, Number(options.drawn), Number(options.seed)))
const running = new Set<ChildProcess>()
const copies: string[] = []
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const child of running) stop(child)
    removeCopies()
    process.exit(130)
  })
}

if (chosen.length === 0) {
  console.error(
    `No mutation is called ${words.join(' or ')}, or is in such a file. npm run mutate -- --list names all of them.`,
  )
  process.exitCode = 3
} else if (options.list) {
  for (const mutation of chosen) console.log(`${mutation.name}  (${pathOf(mutation)})\n    ${mutation.breaks}`)
} else {
  try {
    const jobs = Math.max(1, Number(options.jobs))
    process.exitCode =
      options.verify === undefined
        ? await tryAll(chosen, jobs)
        : await verifyMistakes(root, makeCopy(), chosen, resolve(options.verify), jobs)
  } finally {
    removeCopies()
  }
}

/** Reports whether the word is the package of the mutation, or a part of its name or file. */
function isMeant({ package: row, name, file }: Mutation, word: string): boolean {
  return PACKAGES.includes(word) ? row === word : name.includes(word) || file.includes(word)
}

function testsOf({ package: name, tests }: Mutation): readonly string[] {
  return tests.flatMap((test) => FLOORS.map((floor) => `packages/${name}/test/${floor}/${test}`))
}

async function tryAll(all: readonly Mutation[], jobs: number): Promise<number> {
  const stale = all.filter((mutation) => applied(sourceOf(root, mutation), mutation) === undefined)
  for (const mutation of stale) {
    const { name, before } = mutation
    console.log(`does not apply  ${name}: ${pathOf(mutation)} has no such line, or several\n    ${before}`)
  }
  const applicable = all.filter((mutation) => !stale.includes(mutation))
  const copiesToUse = Array.from({ length: Math.max(1, Math.min(jobs, applicable.length)) }, makeCopy)
  const [first = makeCopy()] = copiesToUse
  const likeliest = [...new Set(applicable.flatMap(testsOf))]
  const unchanged: Outcome =
    likeliest.length === 0 ? { result: 'passed', by: '', ms: 0 } : await runTests(first, WITHOUT_MISTAKE_MS, likeliest)
  if (unchanged.result !== 'passed') {
    console.error(`The tests fail without any mistake made: ${unchanged.by}. Nothing can be learnt.`)
    return 4
  }
  console.log(`Without a mistake the likeliest tests pass; ${applicable.length} mistakes to try.`)
  // The likeliest tests, which each mutation names, catch most mistakes. The whole suite is slow, so it runs only for
  // mistakes that the likeliest tests do not catch. Before the first run with a mistake, the suite runs once without
  // one.
  const whole = new Map<string, Promise<Outcome>>()
  const wholeFloor = async (copy: string, floor: string): Promise<Outcome> => {
    const correct = whole.get(floor) ?? runTests(makeCopy(), WITHOUT_MISTAKE_MS, [floor])
    whole.set(floor, correct)
    const { result, by, ms } = await correct
    if (result === 'passed') return runTests(copy, ms * PATIENCE + PATIENCE_MS, [floor])
    console.log(`${floor} fails without any mistake, and so says nothing: ${by}`)
    return { result: 'passed', by: '', ms: 0 }
  }
  const wholeSuite = async (copy: string, name: string): Promise<Outcome> => {
    let outcome: Outcome = { result: 'passed', by: '', ms: 0 }
    for (const floor of FLOORS.slice(0, 2).map((floor) => join('packages', name, 'test', floor))) {
      if (outcome.result !== 'passed' || !existsSync(join(copy, floor))) continue
      if (basename(floor) === 'process') await build(copy, name)
      outcome = await wholeFloor(copy, floor)
    }
    return outcome
  }

  const survivors: Mutation[] = []
  const waiting = [...applicable]
  const work = async (copy: string): Promise<void> => {
    for (let mutation = waiting.shift(); mutation !== undefined; mutation = waiting.shift()) {
      const path = join(copy, pathOf(mutation))
      const original = readFileSync(path, 'utf8')
      const broken = applied(original, mutation)
      // The source may have been edited between the check for stale mutations and the copying.
      if (broken === undefined) throw new Error(`${mutation.name} does not apply to the copy`)
      writeFileSync(path, broken)
      let outcome: Outcome = { result: 'passed', by: '', ms: 0 }
      for (const test of testsOf(mutation)) {
        if (outcome.result === 'passed') outcome = await runTests(copy, unchanged.ms * PATIENCE + PATIENCE_MS, [test])
      }
      if (outcome.result === 'passed') outcome = await wholeSuite(copy, mutation.package)
      writeFileSync(path, original)
      if (outcome.result === 'passed') survivors.push(mutation)
      const seconds = `${(outcome.ms / 1000).toFixed(1).padStart(5)} s`
      console.log(
        outcome.result === 'passed'
          ? `SURVIVED  ${seconds}  ${mutation.name}: ${mutation.breaks}, and no test notices`
          : `killed    ${seconds}  ${mutation.name}  by ${outcome.by}`,
      )
    }
  }
  await Promise.all(copiesToUse.map(work))
  const killed = applicable.length - survivors.length
  console.log(`\n${killed} of ${all.length} killed, ${survivors.length} survived, ${stale.length} do not apply.`)
  for (const mutation of survivors) {
    console.log(`  ${mutation.name} (${pathOf(mutation)})\n    - ${mutation.before}\n    + ${mutation.after}`)
  }
  return survivors.length > 0 || stale.length > 0 ? 1 : 0
}

/** Copies the packages into a new directory. The copies import each other, and not the working tree. */
function makeCopy(): string {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-mutate-'))
  copies.push(directory)
  // A subdirectory, because some tests look beside the repository, and must find nothing there.
  const copy = join(directory, 'repository')
  const copied = ['package.json', join('scripts', 'tsconfig', 'base.json'), 'examples', ...SETTINGS_OF_TESTS]
  for (const file of [...copied, ...PACKAGES.map((name) => join('packages', name))]) {
    cpSync(join(root, file), join(copy, file), {
      recursive: true,
      // Builds in the copy must remain older than the bundles made from them: otherwise, the bundles would count as
      // outdated (see `isBundleFresh`).
      preserveTimestamps: true,
      filter: (path) => basename(path) !== 'node_modules',
    })
  }
  const modules = join(copy, 'node_modules')
  mkdirSync(join(modules, '@chaosproxy'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name.startsWith('.') || name === '@chaosproxy' || name === 'chaosproxy') continue
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  for (const name of PACKAGES) symlinkSync(join(copy, 'packages', name), join(modules, '@chaosproxy', name))
  return copy
}

/**
 * Builds the programs that tests run, from the source with the mistake. Does not check types, which may be wrong now.
 */
async function build(copy: string, name: string): Promise<void> {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  for (const command of [[compiler, '-p', join('packages', name), '--noCheck'], [join('scripts', 'bundle.mjs')]]) {
    const child = spawn(process.execPath, command, { cwd: copy, stdio: 'ignore', detached: true })
    running.add(child)
    await new Promise((resolve) => child.once('close', resolve))
    running.delete(child)
  }
}

function removeCopies(): void {
  for (const directory of copies.splice(0)) rmSync(directory, { recursive: true, force: true })
}

/** Runs the tests in files whose paths begin with one of these. */
async function runTests(copy: string, limitMs: number, files: readonly string[]): Promise<Outcome> {
  const started = performance.now()
  const results = join(copy, 'results.json')
  rmSync(results, { force: true })
  const child = spawn(
    process.execPath,
    [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      ...['run', ...files, '--bail', '1', '--maxWorkers', '1'],
      ...['--reporter', 'json', '--outputFile', results],
    ],
    // A process group of its own, so that `stop` also ends the test workers.
    { cwd: copy, stdio: ['ignore', 'pipe', 'pipe'], detached: true, env: { ...process.env, MANY: '1' } },
  )
  running.add(child)
  let errors = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      errors += chunk
    })
  }
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    stop(child)
  }, limitMs)
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  running.delete(child)
  const ms = performance.now() - started
  if (timedOut) return { result: 'timed out', by: 'running for ever', ms }
  if (exitCode === 0) return { result: 'passed', by: '', ms }
  return { result: 'failed', by: failedTest(results) ?? `no test: ${errors.trim().slice(-2000)}`, ms }
}

interface Results {
  readonly testResults: readonly {
    readonly name: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

function failedTest(path: string): string | undefined {
  try {
    const { testResults } = JSON.parse(readFileSync(path, 'utf8')) as Results
    for (const { name, message, assertionResults } of testResults) {
      const failed = assertionResults.find(({ status }) => status === 'failed')
      if (failed !== undefined) {
        return `${basename(name)}: ${failed.fullName}\n                     ${firstLine(failed.failureMessages[0] ?? '')}`
      }
      if (message !== '') return `${basename(name)}: ${firstLine(message)}`
    }
  } catch {
    // The file does not exist, because vitest itself failed. Its output states the reason.
  }
  return undefined
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').slice(0, 160)
}

function stop(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // The process has already ended.
  }
}
