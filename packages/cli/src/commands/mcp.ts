import { EXIT } from '@chaosproxy/engine/run'
import type { Command } from '../command.ts'
import { serveMcp } from '../mcp/serve.ts'
import { mcpOptions, parseMcpSettings } from '../mcp/settings.ts'

export const command: Command = {
  name: 'mcp',
  positional: '',
  summary:
    'serve the Model Context Protocol on stdin and stdout: agents can list targets, run, check, explain, inject faults and heal them (needs the package @modelcontextprotocol/sdk)',
  options: mcpOptions,
  examples: [
    ['chaos mcp', 'the command that an MCP client starts; the manual page "agents" shows how to configure the client'],
    ['chaos mcp --longest 30s --token env:CHAOS_TOKEN', 'short runs only, and faults at a proxy that asks for a token'],
  ],
  async run(options) {
    await serveMcp(parseMcpSettings(options))
    return EXIT.met
  },
}
