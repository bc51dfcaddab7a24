import type { FoundProgram, SourceFile } from './found.ts'
import { dataVariable, fixedPort, portVariable } from './settings-in-source.ts'

const USUAL = [
  'app.py',
  'main.py',
  'server.py',
  'wsgi.py',
  'asgi.py',
  'app/main.py',
  'app/__init__.py',
  'src/app.py',
  'src/main.py',
]

/** Imports that identify a Python file as a service, the likeliest first. */
const FRAMEWORKS = ['flask', 'fastapi', 'starlette', 'aiohttp', 'tornado', 'bottle', 'http.server'] as const
type Framework = (typeof FRAMEWORKS)[number]

const READS_VARIABLE = /\b(?:os\.)?(?:environ(?:\.get\(|\[)|getenv\()\s*['"](\w+)['"]/g

/** The Python service of a folder; undefined if no file imports a framework. */
export function pythonProgram(sources: readonly SourceFile[], python = 'python3'): FoundProgram | undefined {
  const django = sources.find(({ path, text }) => path === 'manage.py' && text.includes('django'))
  if (django !== undefined)
    return {
      ...{ where: 'manage.py', kind: 'Django', environment: {}, port: { by: 'command' }, entry: 'manage.py' },
      command: `${python} manage.py runserver --noreload 127.0.0.1:{port}`,
    }
  const usual = USUAL.flatMap((path) => sources.filter((source) => source.path === path))
  // Leaves out files in deeper directories. These are more likely examples and scripts.
  const others = sources.filter((source) => !usual.includes(source) && !source.path.includes('/'))
  const all = [...usual, ...others]
  const [entry] = FRAMEWORKS.flatMap((framework) =>
    all.filter(({ text }) => imports(text, framework)).map((source) => ({ ...source, framework })),
  )
  if (entry === undefined) return undefined
  const data = dataVariable([entry], READS_VARIABLE)
  const { command, port, environment } = startOf(entry, entry.framework, python)
  return {
    ...{ where: entry.path, kind: entry.framework, command, port, entry: entry.path },
    environment: { ...environment, ...(data && { [data]: '{data}' }) },
  }
}

const imports = (text: string, framework: Framework): boolean =>
  new RegExp(`^\\s*(?:from|import)\\s+${framework.replace('.', '\\.')}\\b`, 'm').test(text)

function startOf(
  entry: SourceFile,
  framework: Framework,
  python: string,
): Pick<FoundProgram, 'command' | 'port' | 'environment'> {
  const { path, text } = entry
  const module = path.replace(/(?:\/__init__)?\.py$/, '')
  const named = (maker: string) => new RegExp(`^(\\w+)\\s*(?::\\s*\\w+\\s*)?=\\s*${maker}\\(`, 'm').exec(text)?.[1]
  const byCommand = { port: { by: 'command' }, environment: {} } as const
  switch (framework) {
    case 'flask':
      return { ...byCommand, command: `${python} -m flask --app ${module}${of(named('Flask'))} run --port {port}` }
    case 'fastapi':
    case 'starlette': {
      const app = named(framework === 'fastapi' ? 'FastAPI' : 'Starlette') ?? 'app'
      return { ...byCommand, command: `${python} -m uvicorn ${module.replaceAll('/', '.')}:${app} --port {port}` }
    }
    default:
      return scriptOf(entry, python)
  }
}

const of = (name: string | undefined): string => (name === undefined ? '' : `:${name}`)

/** Returns the command and port of a Python script that opens its own port. */
function scriptOf(entry: SourceFile, python: string): Pick<FoundProgram, 'command' | 'port' | 'environment'> {
  const command = `${python} ${entry.path}`
  const variable = portVariable([entry], READS_VARIABLE)
  if (variable !== undefined)
    return { command, port: { by: 'variable', name: variable }, environment: { [variable]: '{port}' } }
  if (/\bint\(\s*(?:sys\.)?argv\[1\]\s*\)/.test(entry.text))
    return { command: `${command} {port}`, port: { by: 'command' }, environment: {} }
  const fixed = fixedPort([entry], [/Server\(\s*\([^,()]*,\s*(\d{2,5})\s*\)/, /\bport\s*=\s*(\d{2,5})\b/i])
  return { command, port: fixed ?? { by: 'unknown' }, environment: { PORT: '{port}' } }
}
