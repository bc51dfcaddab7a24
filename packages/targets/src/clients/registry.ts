import { planPostgres } from '../postgres/clients.ts'
import type { ClientDeclaration } from './declaration.ts'
import { planHttp } from './http.ts'
import { planModule } from './module.ts'
import type { PlannedClients } from './planned-clients.ts'
import { planProgram } from './program.ts'
import { planResp } from './resp.ts'

/**
 * What a declaration says, checked as far as that goes without starting anything.
 *
 * @param where begins every message.
 * @param directory Where the declaration stands: its files are beside it.
 * @throws UserError (input)
 */
export function planClients(declaration: ClientDeclaration, where: string, directory: string): PlannedClients {
  switch (declaration.kind) {
    case 'http':
      return planHttp(declaration, where, directory)
    case 'postgres':
      return planPostgres(declaration)
    case 'resp':
      return planResp(declaration, where)
    case 'module':
      return planModule(declaration, where, directory)
    case 'program':
      return planProgram(declaration, directory)
  }
}
