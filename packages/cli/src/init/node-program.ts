import { parseManifest } from '../package-manifest.ts'
import type { FoundProgram, SourceFile } from './found.ts'
import { dataVariable, fixedPort, portVariable } from './settings-in-source.ts'

const FRAMEWORKS = 'express fastify hono koa @nestjs/core @hapi/hapi restify polka h3 next elysia'.split(' ')

/** The usual entry points, if no file defines one. */
const USUAL = ['server', 'index', 'app', 'main'].flatMap((name) =>
  ['js', 'mjs', 'cjs', 'ts', 'mts'].flatMap((ending) => [`${name}.${ending}`, `src/${name}.${ending}`]),
)

/**
 * Returns the Node program that package.json starts, or else a program with a usual file name.
 *
 * @param manifest the text of package.json; undefined if there is none.
 * @param sources the JavaScript and TypeScript files of the folder.
 * @param exists reports whether the folder contains a file of any kind.
 */
export function nodeProgram(
  manifest: string | undefined,
  sources: readonly SourceFile[],
  exists: (path: string) => boolean,
): FoundProgram | undefined {
  const { main, scripts = {}, dependencies = {}, devDependencies = {} } = parseManifest(manifest)
  const installed = Object.keys({ ...dependencies, ...devDependencies })
  const start = typeof scripts.start === 'string' ? scripts.start : undefined
  const named =
    /(?:^|\s)(\S+\.[cm]?[jt]s)(?=\s|$)/.exec(start ?? '')?.[1] ?? (typeof main === 'string' ? main : undefined)
  const entry = [...(named === undefined ? [] : [named]), ...USUAL]
    .map((path) => sources.find((source) => source.path === path.replace(/^\.\//, '')))
    .find((source) => source !== undefined)
  const framework = FRAMEWORKS.find((name) => installed.includes(name))
  const serves = framework !== undefined || (entry === undefined ? sources : [entry]).some(isServer)
  if ((start === undefined && entry === undefined) || !serves) return undefined
  const { command, environment } = start === undefined ? runs(entry?.path ?? '', installed) : startOf(start)
  const around = entry === undefined ? sources : [entry, ...sources.filter((source) => source !== entry)]
  const variable = portVariable(around, /\bprocess\.env(?:\.|\[\s*['"])(\w+)/g)
  const data = dataVariable(around, /\bprocess\.env(?:\.|\[\s*['"])(\w+)/g)
  const fixed = fixedPort(around, [/\.listen\(\s*(?:\{[^}]*?\bport:\s*)?(\d{2,5})\b/, /\bport\s*[:=]\s*(\d{2,5})\b/i])
  const port =
    variable === undefined ? (fixed ?? { by: 'unknown' as const }) : { by: 'variable' as const, name: variable }
  return {
    where: start === undefined ? (entry?.path ?? 'package.json') : 'package.json',
    kind: framework ?? 'Node',
    command,
    environment: {
      ...environment,
      [variable ?? 'PORT']: '{port}',
      ...(data && { [data]: '{data}' }),
    },
    port,
    entry: entry?.path ?? '',
    missing: start === undefined || named === undefined || exists(named) ? undefined : named,
  }
}

const isServer = ({ text }: SourceFile): boolean => /\.listen\(|\bcreateServer\(|\bserve\(/.test(text)

/** Programs that come with a JavaScript installation, and that start other programs. */
const RUNNERS = ['npm', 'npx', 'yarn', 'pnpm', 'bun', 'deno']

interface Started {
  readonly command: string
  readonly environment: { readonly [name: string]: string }
}

/** Returns a start script's command without a shell or npm, so that a kill hits the program itself. */
function startOf(script: string): Started {
  const words = script.trim().split(/\s+/)
  const assigned = words.findIndex((word) => !/^[A-Za-z_]\w*=\S*$/.test(word))
  const environment = Object.fromEntries(
    words.slice(0, assigned).map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  )
  const [program = '', ...rest] = words.slice(assigned)
  if (/[&|;<>$`"'(){}]/.test(script)) return { command: 'npm start', environment: {} }
  if (program === 'node') return { command: ['node', ...rest].join(' '), environment }
  if (program === 'nodemon') return { command: ['node', ...rest].join(' '), environment }
  if (RUNNERS.includes(program)) return { command: [program, ...rest].join(' '), environment }
  return { command: ['npx', program, ...rest].join(' '), environment }
}

const runs = (path: string, installed: readonly string[]): Started => ({
  command: /\.m?ts$/.test(path) && installed.includes('tsx') ? `npx tsx ${path}` : `node ${path}`,
  environment: {},
})
