import { planEtcd } from '../etcd/declared.ts'
import { planPostgres } from '../postgres/clients.ts'
import type { ClientDeclaration } from './declaration.ts'
import { planHttp } from './http.ts'
import { planModule } from './module.ts'
import type { PlannedClients } from './planned-clients.ts'
import { planProgram } from './program.ts'
import { planResp } from './resp.ts'

/**
 * Validates a declaration as far as possible without starting anything.
 *
 * @param where The start of every message. @param directory The declaration's directory, to which its paths are
 * relative. @throws UserError (input)
 */
export function planClients(declaration: ClientDeclaration, where: string, directory: string): PlannedClients {
  switch (declaration.kind) {
    case 'http':
      return planHttp(declaration, where, directory)
    case 'postgres':
      return planPostgres(declaration)
    case 'etcd':
      return planEtcd(declaration, where)
    case 'resp':
      return planResp(declaration, where)
    case 'module':
      return planModule(declaration, where, directory)
    case 'program':
      return planProgram(declaration, where, directory)
  }
}
