import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const packages = join(import.meta.dirname, '..', 'packages')

/** The files and folders that implement the model and the workload `queue`. */
const own = [
  'workloads/src/queue.ts',
  'checker/src/queue/',
  'protocols/src/objects/queue.ts',
  'report/src/losses/queue.ts',
  'recorder/src/redis/queue-commands.ts',
]

/** The sources below a folder of packages/, by their paths in it. */
const sourcesIn = (folder: string): readonly string[] =>
  readdirSync(join(packages, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name).replaceAll('\\', '/'))

const textOf = (file: string): string => readFileSync(join(packages, file), 'utf8')
const isOwn = (file: string): boolean => own.some((path) => file.startsWith(path))

const importsOf = (file: string): readonly string[] =>
  Array.from(textOf(file).matchAll(/from '(\.[^']+)'/g), ([, path = '']) =>
    join(file, '..', path).replaceAll('\\', '/'),
  )

const naming = (folder: string, name: string): readonly string[] =>
  sourcesIn(folder).filter((file) => new RegExp(`^ *${name}: |'${name}'`, 'm').test(textOf(file)))

test('a workload and its model are registered in exactly six files', () => {
  const listing = ['workloads', 'checker', 'protocols', 'report', 'recorder']
    .flatMap((row) => sourcesIn(`${row}/src`))
    .filter((file) => !isOwn(file) && importsOf(file).some(isOwn))
  expect([...listing, ...naming('targets/src/client-kinds/postgres', 'counter')]).toEqual([
    'workloads/src/registry.ts',
    'checker/src/check/registry.ts',
    'protocols/src/objects/registry.ts',
    'report/src/losses/registry.ts',
    'recorder/src/redis/command-set.ts',
    'targets/src/client-kinds/postgres/objects.ts',
  ])
})

test('no source of the targets redis and etcd names the model queue', () => {
  const folders = ['databases/src/redis', 'databases/src/etcd', 'targets/src/client-kinds/etcd', 'targets/src/clients']
  expect(folders.flatMap((folder) => naming(folder, 'queue'))).toEqual([])
})
