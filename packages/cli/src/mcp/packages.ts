import type { Readable, Writable } from 'node:stream'
import { loadOptional } from '@chaosproxy/history/files'

// The parts of the MCP SDK that chaos uses, so that it builds without the package.

export interface ListedTool {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly inputSchema: object
  readonly outputSchema: object
  readonly annotations: {
    readonly readOnlyHint: boolean
    readonly destructiveHint: boolean
    readonly openWorldHint: boolean
  }
}

/** The result of a tool call. If the call fails, the text lets the model correct its arguments. */
export interface ToolResult {
  readonly content: readonly { readonly type: 'text'; readonly text: string }[]
  readonly structuredContent?: { readonly [member: string]: unknown }
  readonly isError?: boolean
}

export interface ListedResource {
  readonly uri: string
  readonly name: string
  readonly title: string
  readonly mimeType: string
}

export interface ResourceContents {
  readonly contents: readonly { readonly uri: string; readonly mimeType: string; readonly text: string }[]
}

interface ReadRequest {
  readonly params: { readonly uri: string }
}

export interface CallRequest {
  readonly params: {
    readonly name: string
    readonly arguments?: { readonly [name: string]: unknown } | undefined
    readonly _meta?: { readonly progressToken?: string | number | undefined } | undefined
  }
}

interface ProgressNotification {
  readonly method: 'notifications/progress'
  readonly params: {
    readonly progressToken: string | number
    readonly progress: number
    readonly total?: number | undefined
    readonly message?: string | undefined
  }
}

export interface CallExtra {
  /** Aborted when the client cancels the call or disconnects. */
  readonly signal: AbortSignal
  sendNotification(notification: ProgressNotification): Promise<void>
}

interface McpServer {
  onclose?: () => void
  onerror?: (error: Error) => void
  setRequestHandler<Request>(
    schema: RequestSchema<Request>,
    handle: (request: Request, extra: CallExtra) => unknown,
  ): void
  connect(transport: object): Promise<void>
  close(): Promise<void>
}

interface ServerOptions {
  readonly capabilities: { readonly tools: object; readonly resources: object }
  readonly instructions: string
}

interface RequestSchema<Request> {
  readonly parse: (message: unknown) => Request
}

interface Sdk {
  readonly Server: new (info: { readonly name: string; readonly version: string }, options: ServerOptions) => McpServer
  readonly StdioServerTransport: new (input: Readable, output: Writable) => object
  readonly ListToolsRequestSchema: RequestSchema<object>
  readonly CallToolRequestSchema: RequestSchema<CallRequest>
  readonly ListResourcesRequestSchema: RequestSchema<object>
  readonly ReadResourceRequestSchema: RequestSchema<ReadRequest>
}

const PACKAGE = '@modelcontextprotocol/sdk'

/**
 * Loads the SDK, an optional package.
 *
 * @throws UserError (environment) if it is not installed.
 */
export async function loadSdk(): Promise<Sdk> {
  // The names are computed, so that no bundler resolves them.
  const load = (): Promise<Sdk[]> =>
    Promise.all(['server/index.js', 'server/stdio.js', 'types.js'].map((part) => import(`${PACKAGE}/${part}`)))
  const parts = await loadOptional(load, {
    why: 'chaos mcp needs a package that is not installed',
    packages: [PACKAGE],
  })
  return Object.assign({}, ...parts) as Sdk
}
