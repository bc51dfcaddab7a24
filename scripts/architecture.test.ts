import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { models } from '../packages/checker/src/index.ts'
import { functionNames } from '../packages/history/src/operations/meaning.ts'
import { allFunctions } from '../packages/workloads/src/index.ts'
import { functionListsIn } from './function-lists.ts'
import { tokensOf } from './tokens.mjs'

// A package imports only from rows above its own.
const rows = [
  'history',
  'faults',
  'protocols',
  'verifier',
  'checker',
  'workloads',
  'wire',
  'recorder',
  'proxy',
  'runner',
  'simulator',
  'simulated-postgresql',
  'simulated-redis',
  'node-simulator',
  'report',
  'targets',
  'databases',
  'scenarios',
  'engine',
  'console',
  'cli',
  'assertions',
  'testcontainers',
  'playwright',
  'undici',
  'vitest',
]
/** Users can install chaos without these packages. */
const OPTIONAL = ['simulated-postgresql', 'simulated-redis', 'databases']
/** Shared by tests, which import the sources of all packages. */
const unpublished = ['testing']
const pure = [
  'faults',
  'protocols',
  'verifier',
  'checker',
  'workloads',
  'wire',
  'recorder',
  'simulated-postgresql',
  'report',
  'scenarios',
]
const packages = join(import.meta.dirname, '..', 'packages')

/** JSON as tsconfig.json has it: with whole-line comments. */
const json = (...path: string[]) =>
  JSON.parse(readFileSync(join(packages, ...path), 'utf8').replace(/^\s*\/\/.*$/gm, ''))
const above = (row: string) => rows.slice(0, rows.indexOf(row))

test('README.md lists all packages, in the same order as the list `rows` in this test file', () => {
  expect(readdirSync(packages).sort()).toEqual([...rows, ...unpublished].sort())
  const [, table = ''] = readFileSync(join(packages, '..', 'README.md'), 'utf8').split('| package | holds |')
  expect(Array.from(table.matchAll(/^\| `([a-z-]+)` \| \S/gm), ([, name]) => name)).toEqual([...rows, ...unpublished])
})

/** By package: the exact number of tokens that its source must have. */
const ceilings: { readonly [row: string]: number } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'ceilings.json'), 'utf8'),
)

test('every package has a token ceiling, and every ceiling has a package', () => {
  expect(Object.keys(ceilings).sort()).toEqual([...rows].sort())
})

describe.each(rows)('the package %s', (row) => {
  const { dependencies: always = {}, peerDependencies: optional = {} } = json(row, 'package.json')
  const dependencies = Object.keys({ ...always, ...optional })
  const internal = dependencies
    .filter((name) => name === 'chaosproxy' || name.startsWith('@chaosproxy/'))
    .map((name) => (name === 'chaosproxy' ? 'cli' : name.slice('@chaosproxy/'.length)))

  test('the source of a package has exactly as many tokens as scripts/ceilings.json states', () => {
    const above = tokensOf(row) - (ceilings[row] ?? 0)
    const remedy =
      above > 0
        ? `${row} is ${above} tokens above its ceiling. Delete as many, or raise it by \`node scripts/weight.mjs --ceilings --raise ${row}\`, in a commit of its own whose body says what the lines buy and what was deleted for them.`
        : `${row} is ${-above} tokens below its ceiling. Lower it by \`node scripts/weight.mjs --ceilings\`.`
    expect(above, remedy).toBe(0)
  })

  test('a package depends only on packages that README.md lists before it', () => {
    expect(internal.filter((name) => !above(row).includes(name))).toEqual([])
  })

  test('a package references in tsconfig.json exactly the packages that it depends on', () => {
    const references: { path: string }[] = json(row, 'tsconfig.json').references
    const others = references.flatMap(({ path }) => (path.startsWith('../') ? [path.slice(3)] : []))
    expect(others.sort()).toEqual([...internal].sort())
  })

  test('a package imports other packages only by their public surface', () => {
    const sources = readdirSync(join(packages, row, 'src'), { recursive: true, encoding: 'utf8' })
    for (const file of sources.filter((name) => name.endsWith('.ts'))) {
      const text = readFileSync(join(packages, row, 'src', file), 'utf8')
      expect(text, file).not.toMatch(/from '(\.\.\/)+[a-z]+\/(src|dist)\//)
      expect(text, file).not.toMatch(
        /from '@chaosproxy\/(?!engine\/(?:extend|extend-thread|judged|references|run|short-run|version|worlds)'|history\/files'|checker\/(?:effects|proof)'|proxy\/(?:control|client)'|wire\/(?:amqp|jute|nats|http2?|grpc|grpc-status|mysql|postgresql)'|recorder\/(?:mapping|routes|redis|mysql|postgresql|protocols|own-protocol)'|runner\/(?:beginning|result)'|report\/(?:difference|explanation|gallery)'|simulator\/target'|targets\/(?:database|named|user-file|watchdog|bundle-freshness)')[a-z]+\/.+'/,
      )
    }
  })

  test('a package does not use AbortSignal.any', () => {
    const sources = readdirSync(join(packages, row, 'src'), { recursive: true, encoding: 'utf8' })
    const asking = sources.filter(
      (name) =>
        name.endsWith('.ts') && /\bAbortSignal\.any\(/.test(readFileSync(join(packages, row, 'src', name), 'utf8')),
    )
    expect(asking).toEqual([])
  })

  test('the unit tests of a package import no optional package other than that package itself', () => {
    const others = OPTIONAL.filter((other) => other !== row).join('|')
    const imported = new RegExp(`^import (?!type)[^;]*? from '[^']*/(?:${others})(?:/|')`, 'm')
    const folder = join(packages, row, 'test', 'unit')
    const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : []
    const importing = files.filter(
      (name) => name.endsWith('.ts') && imported.test(readFileSync(join(folder, name), 'utf8')),
    )
    expect(importing).toEqual([])
  })

  test('a package has no circular imports, including imports of types', () => {
    expect(firstCircle(importsWithin(join(packages, row, 'src')))).toEqual([])
  })
})

/**
 * These folders are built before the rest of their package. In a fresh clone, the rest of the package is not built yet
 * at that time.
 */
test.each([['runner', 'result']])(
  '%s/%s imports only packages that its own tsconfig.json references',
  (row, folder) => {
    const { references } = json(row, 'src', folder, 'tsconfig.json') as { readonly references: { path: string }[] }
    const known = references.map(({ path }) => path.split('/').at(-1))
    const inFolder = join(packages, row, 'src', folder)
    for (const file of readdirSync(inFolder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    ))
      for (const [, other] of readFileSync(join(inFolder, file), 'utf8').matchAll(/from '@chaosproxy\/([a-z-]+)/g))
        expect(known, file).toContain(other)
  },
)

/** The packages whose folders do not import each other in a circle. */
const withFloors = [
  'history',
  'checker',
  'wire',
  'recorder',
  'proxy',
  'faults',
  'runner',
  'targets',
  'databases',
  'workloads',
  'engine',
  'protocols',
  'simulator',
  'simulated-postgresql',
  'simulated-redis',
  'node-simulator',
  'report',
  'scenarios',
  'console',
  'cli',
]

test.each(withFloors)('%s has no circular imports between its folders', (row) => {
  const between = new Map<string, string[]>()
  for (const [file, imported] of importsWithin(join(packages, row, 'src'))) {
    // Entry points are left out, because they re-export names from all folders.
    if (entriesOf(row).some(([, path]) => path === join(packages, row, 'src', file))) continue
    const others = imported.map(floorOf).filter((floor) => floor !== floorOf(file))
    between.set(floorOf(file), [...(between.get(floorOf(file)) ?? []), ...others])
  }
  expect(firstCircle(between)).toEqual([])
})

/** Returns the folder of a file. A file that is in no folder counts as a folder itself. */
const floorOf = (file: string): string => (dirname(file) === '.' ? file : dirname(file))

/** The packages that may export only what other packages use. The next test checks each of them. */
const spare = [
  'history',
  'protocols',
  'checker',
  'workloads',
  'wire',
  'recorder',
  'simulator',
  'node-simulator',
  'report',
  'scenarios',
  'engine',
  'console',
]

test.each(spare)('%s exports only what sources and benchmarks of other packages import', (row) => {
  const outside = rows.flatMap((other) => [
    ...textsBelow(join(packages, other, 'bench')),
    ...(other === row ? [] : textsBelow(join(packages, other, 'src'))),
  ])
  for (const [entry, path] of entriesOf(row)) {
    const told = outside.filter((text) => text.includes(`'${entry}'`))
    const used = new Set(told.flatMap((text) => [...namesIn(text, `from '${entry}'`), ...loadedFrom(text, entry)]))
    const exported = namesIn(readFileSync(path, 'utf8').replaceAll(/^import .*$/gm, ''), "from './")
    expect(
      exported.filter((name) => !used.has(name)),
      entry,
    ).toEqual([])
  }
})

test.each([...pure, 'runner/src/result'])(
  '%s is pure: its tsconfig.json includes no types of a clock, file, socket or console',
  (row) => {
    expect(json(row, 'tsconfig.json').compilerOptions.types).toEqual([])
  },
)

/** Returns what a registry imports from its own package, as paths below `packages`. */
const importedBy = (registry: string): readonly string[] =>
  Array.from(readFileSync(join(packages, registry), 'utf8').matchAll(/from '(\.[^']+)'/g), ([, path = '']) =>
    join(dirname(registry), path).replaceAll('\\', '/'),
  )

/** The kinds of files that may list function names: they specify, request or implement the operations of objects. */
const namesStandIn: readonly (readonly [what: string, stands: (file: string) => boolean])[] = [
  ['the vocabulary', (file) => file.startsWith('history/src/operations/')],
  ['the folder of a model', (file) => roomsOfModels.has(dirname(file)) || file.startsWith('checker/src/transactions/')],
  ['the specification of registers', (file) => /^checker\/src\/register\/(entry\.ts|encoding\/encode\.ts)$/.test(file)],
  ['the monitors of objects', (file) => /^checker\/src\/[a-z-]+\/online\//.test(file)],
  ['a workload', (file) => [...importedBy('workloads/src/registry.ts'), 'workloads/src/watcher.ts'].includes(file)],
  ['the rules of the verifier', (file) => file.startsWith('verifier/src/')],
  ['a system, or the clients of one', (file) => /^(protocols|targets|databases)\/src\//.test(file)],
  [
    'what a recorder takes for operations',
    (file) => /^recorder\/src\/(redis\/[a-z-]+-commands|postgresql\/part)\.ts$/.test(file),
  ],
  ['samples of requests', (file) => file === 'recorder/src/routes/making/required-requests.ts'],
]

const roomsOfModels: ReadonlySet<string> = new Set(
  importedBy('checker/src/check/registry.ts')
    .map((file) => dirname(file))
    .filter((folder) => !/\/(judge|object|register)$/.test(folder)),
)

/**
 * By file: the meaning of words in lists of the file. The words are spelled like function names, but do not stand for
 * functions.
 */
const noFunctions: { readonly [file: string]: string } = {
  'checker/src/register/causal/judge.ts': 'the two ends of one edge',
  'cli/src/run/again.ts': 'the values of --operations',
  'cli/src/run/use.ts': 'the values of --operations',
  'history/src/codecs/formats.ts': "the operations of Porcupine's own format",
  'history/src/codecs/edn-reader.ts': "the transactions of Jepsen's long fork",
  'node-simulator/src/builtins/fs.ts': 'functions of node:fs',
  'proxy/src/control/toxics/toxics.ts': 'methods of a collection',
  'recorder/src/postgresql/settings.ts': 'kinds of SQL statements',
  'report/src/telling/next.ts': 'the values of --operations',
}

const namesOfFunctions: ReadonlySet<string> = new Set(functionNames)

const isFunctionName = (word: string): boolean => namesOfFunctions.has(word)

const listing: readonly string[] = rows.flatMap((row) =>
  readdirSync(join(packages, row, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${row}/src/${path.replaceAll('\\', '/')}`)
    .filter((file) => functionListsIn(readFileSync(join(packages, file), 'utf8'), isFunctionName).length > 0),
)

describe('the vocabulary of operations', () => {
  test('the vocabulary has a row for every function of a model or a workload', () => {
    const known = [...models.flatMap(({ functions = [] }) => functions), ...allFunctions]
    expect(known.length).toBeGreaterThan(50)
    expect(known.filter((f) => !isFunctionName(f))).toEqual([])
  })

  test('only files allowed by namesStandIn or listed in noFunctions contain a list of function names', () => {
    const others = listing.filter((file) => !namesStandIn.some(([, stands]) => stands(file)))
    expect(others.toSorted()).toEqual(Object.keys(noFunctions).toSorted())
  })

  test.each(namesStandIn)(
    'at least one file of the kind "%s", which namesStandIn allows, lists function names',
    (_, stands) => {
      expect(listing.filter(stands)).not.toEqual([])
    },
  )

  test.each([
    ['a list', "const TAKES = ['dequeue', 'drain']"],
    ['a list that is spread out', "const TAKES = new Set([...['dequeue', 'drain'], first])"],
    ['a map', "const words = new Map([['dequeue', 1], ['drain', 2]])"],
    ['a record', 'const words = { dequeue: 1, drain: 2 }'],
    ['a record of three among others', 'const words = { pop: 0, dequeue: 1, drain: 2, enqueue: 3 }'],
    ['a switch', "switch (f) { case 'dequeue': case 'drain': take() }"],
    ['a comparison', "const takes = (f: string) => f === 'dequeue' || f === 'drain'"],
    ['separate comparisons', "function g(f: string) { if (f === 'dequeue') return 1; return f !== 'drain' ? 2 : 3 }"],
    ['a pattern', 'const TAKES = /^(dequeue|drain)$/'],
    ['a text', "const TAKES = 'dequeue drain'.split(' ')"],
  ])('functionListsIn reports a list of function names in %s', (_, source) => {
    expect(functionListsIn(`let first\n${source}`, isFunctionName)[0]).toMatchObject({
      line: 2,
      names: expect.arrayContaining(['dequeue', 'drain']),
    })
  })

  test.each([
    ['one name', "const isDrain = (f: string) => f === 'drain'"],
    ['one name twice', "const both = (f: string, g: string) => f === 'drain' && g === 'drain'"],
    ['names of two expressions', "const both = (f: string, g: string) => f === 'drain' && g === 'dequeue'"],
    ['two among other words', 'const words = { pop: 0, dequeue: 1, drain: 2 }'],
    ['a type', "type Takes = 'dequeue' | 'drain'"],
    ['a sentence', "const help = 'a queue is empty after a dequeue or drain'"],
  ])('functionListsIn reports no list of function names in %s', (_, source) => {
    expect(functionListsIn(source, isFunctionName)).toEqual([])
  })
})

/** The entry points of a package, each with its source. */
function entriesOf(row: string): readonly (readonly [name: string, path: string])[] {
  const { name, exports }: { name: string; exports: { [subpath: string]: string | { default: string } } } = json(
    row,
    'package.json',
  )
  return Object.entries(exports).flatMap(([subpath, target]) => {
    if (typeof target === 'string') return []
    const source = target.default.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts')
    return [[`${name}${subpath.slice(1)}`, join(packages, row, source)] as const]
  })
}

/** The sources below a folder; none if there is no such folder. */
const textsOf = new Map<string, readonly string[]>()

function textsBelow(folder: string): readonly string[] {
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : []
  const read = (): readonly string[] =>
    files.filter((name) => name.endsWith('.ts')).map((file) => readFileSync(join(folder, file), 'utf8'))
  const texts = textsOf.get(folder) ?? read()
  textsOf.set(folder, texts)
  return texts
}

/**
 * Returns the names that a text imports or exports in statements whose `from` clause starts with the parameter `from`.
 */
const namesIn = (text: string, from: string): readonly string[] =>
  Array.from(text.matchAll(/(?:import|export) (?:type )?\{([^}]*)\} (from '[^']*')/g))
    .filter(([, , place = '']) => place.startsWith(from))
    .flatMap(([, names = '']) => names.split(','))
    .map((name) => name.trim().replace(/^type /, ''))
    .filter((name) => name !== '')
    .map((name) => (from.endsWith('./') ? name.replace(/^.* as /, '') : name.replace(/ as .*$/, '')))

/** Returns the names that a text imports dynamically from an entry: `const { … } = await import('…')`. */
const loadedFrom = (text: string, entry: string): readonly string[] =>
  Array.from(text.matchAll(/\{([^{}]*)\} = await import\('([^']*)'\)/g))
    .filter(([, , place]) => place === entry)
    .flatMap(([, names = '']) => names.split(',').map((name) => name.trim().replace(/:.*$/, '')))

/** The files of a folder, each with those it imports by a relative path. */
function importsWithin(folder: string): ReadonlyMap<string, readonly string[]> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  return new Map(
    files.map((file) => {
      const imported = readFileSync(join(folder, file), 'utf8').matchAll(/(?:from |import\()'(\.[^']+)'/g)
      return [file, Array.from(imported, ([, path = '']) => join(dirname(file), path))]
    }),
  )
}

/** One circle, from a file or folder back to itself; empty if there is none. */
function firstCircle(imports: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>()
  const visit = (file: string, way: readonly string[]): readonly string[] => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file]
    if (done.has(file)) return []
    for (const next of imports.get(file) ?? []) {
      const circle = visit(next, [...way, file])
      if (circle.length > 0) return circle
    }
    done.add(file)
    return []
  }
  for (const file of imports.keys()) {
    const circle = visit(file, [])
    if (circle.length > 0) return circle
  }
  return []
}
