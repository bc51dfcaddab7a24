import { Writable } from 'node:stream'
import { packageVersion } from '@chaosproxy/engine/run'
import { didYouMean, UserError, usageError } from '@chaosproxy/history'
import { printableLines } from '@chaosproxy/report'
import * as v from 'valibot'
import { namesOf } from '../arguments/names.ts'
import { listenForInterrupts } from '../run/interrupts.ts'
import { printNotice } from '../terminal/output.ts'
import { wholeLines } from './lines.ts'
import { nextCall } from './next-call.ts'
import { type CallExtra, type CallRequest, type ListedTool, loadSdk, type ToolResult } from './packages.ts'
import { listedReports, readReport } from './reports.ts'
import { jsonSchemaOf, requireInput, text as textSchema } from './schema.ts'
import type { McpSettings } from './settings.ts'
import type { CallContext, Tool } from './tool.ts'
import { tools } from './tools.ts'

const INSTRUCTIONS =
  'chaos breaks replicated systems on purpose and judges which promises they kept. Start with "list". "run" breaks a target and returns a verdict and a directory. "check" judges a recorded history. "explain" shows the contradiction in a run or a history. "inject" adds faults to the traffic of a running "chaos proxy --control", and "heal" ends them. "next" in a result is the usual next call. Reports of runs are resources. An unknown outcome is not a pass: read "outcome" and "doubts".'

/** Serves the protocol on stdin and stdout until the client disconnects, or until an interrupt. */
export async function serveMcp(settings: McpSettings): Promise<void> {
  const sdk = await loadSdk()
  const server = new sdk.Server(
    { name: 'chaos', version: packageVersion() },
    { capabilities: { tools: {}, resources: {} }, instructions: INSTRUCTIONS },
  )
  const calls = new Set<Promise<unknown>>()
  server.setRequestHandler(sdk.ListToolsRequestSchema, () => ({ tools: tools.map((tool) => listed(tool, settings)) }))
  server.setRequestHandler(sdk.ListResourcesRequestSchema, () => ({ resources: listedReports(settings.out) }))
  server.setRequestHandler(sdk.ReadResourceRequestSchema, ({ params }) => readReport(settings.out, params.uri))
  server.setRequestHandler(sdk.CallToolRequestSchema, (request, extra) => {
    const result = called(request, extra, settings)
    calls.add(result)
    return result.finally(() => calls.delete(result))
  })
  server.onerror = (error) => warn(`not understood: ${error.message.split('\n')[0] ?? ''}`)
  const output = ownStdout()
  const interrupts = listenForInterrupts(
    'Ending: a run under way is healed and judged. Interrupt again to end at once.',
  )
  try {
    const input = process.stdin.pipe(wholeLines((sizeBytes) => warn(`ignored an overlong line of ${sizeBytes} bytes`)))
    const gone = new Promise<void>((resolve) => {
      server.onclose = resolve
      for (const event of ['end', 'close', 'error'] as const) process.stdin.once(event, resolve)
      output.protocol.once('error', resolve)
      interrupts.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    await server.connect(new sdk.StdioServerTransport(input, output.protocol))
    await gone
    // Ends calls in progress early but cleanly: each run stops its nodes and judges its record.
    await server.close()
    await Promise.allSettled(calls)
  } finally {
    process.stdin.destroy()
    interrupts.release()
    output.release()
  }
}

const warn = (text: string): void => printNotice(`chaos mcp: ${printableLines(text)}\n`)

/** Reserves stdout for the protocol. Redirects all other output, such as the output of user code, to stderr. */
function ownStdout(): { readonly protocol: Writable; release(): void } {
  const { write } = process.stdout
  const own = write.bind(process.stdout)
  const protocol = new Writable({
    decodeStrings: false,
    write: (chunk: string, encoding, done) => void own(chunk, encoding, done),
  })
  process.stdout.on('error', (error) => protocol.destroy(error))
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof write
  return {
    protocol,
    release() {
      process.stdout.write = write
    },
  }
}

const NEXT = textSchema('the call that usually follows; absent if none does')

const listed = ({ name, title, summary, effect, input, output }: Tool, settings: McpSettings): ListedTool => ({
  name,
  title,
  description: summary,
  inputSchema: jsonSchemaOf(input(settings)),
  outputSchema: jsonSchemaOf(v.strictObject({ ...output.entries, next: v.optional(NEXT) })),
  annotations: {
    readOnlyHint: effect === 'reads',
    destructiveHint: effect === 'hurts',
    openWorldHint: effect === 'hurts',
  },
})

/** Calls a tool. Never throws: the result tells the model what to do instead. */
async function called({ params }: CallRequest, extra: CallExtra, settings: McpSettings): Promise<ToolResult> {
  const { name, arguments: input = {}, _meta } = params
  try {
    const tool = tools.find((each) => each.name === name)
    if (tool === undefined) throw unknownTool(name)
    const given = requireInput(name, tool.input(settings), input)
    const progress = progressTo(extra, _meta?.progressToken)
    const { data, text } = await tool.call(given, { settings, signal: extra.signal, progress })
    const next = nextCall(name, input, data)
    return next === undefined
      ? { ...answered(text), structuredContent: data }
      : { ...answered(`${text}\nNext: ${next}`), structuredContent: { ...data, next } }
  } catch (error) {
    return { ...answered(troubleOf(error)), isError: true }
  }
}

const answered = (text: string): ToolResult => ({ content: [{ type: 'text', text: printableLines(text) }] })

function unknownTool(name: string): UserError {
  const known = namesOf(tools)
  return usageError(`There is no tool "${name}".${didYouMean(name, known)} There are: ${known.join(', ')}.`)
}

function progressTo(extra: CallExtra, progressToken: string | number | undefined): CallContext['progress'] {
  if (progressToken === undefined) return () => {}
  let last = -1
  return (done, total, message) => {
    // The protocol requires increasing values.
    if (done <= last) return
    last = done
    const params = { progressToken, progress: done, total, message }
    extra.sendNotification({ method: 'notifications/progress', params }).catch(() => {})
  }
}

function troubleOf(error: unknown): string {
  if (error instanceof UserError) return error.message
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  warn(stack)
  return `This is a bug in chaos, not in what you asked for: ${stack.split('\n')[0] ?? ''}. The standard error of chaos mcp has more; please report it.`
}
