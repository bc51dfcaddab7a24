import type { MariadbDeclaration } from './declaration.ts'
import type { LoginPacket } from './packets.ts'

/** The name of the user and of the database, unless a declaration says otherwise. */
export const CHAOS = 'chaos'

export const credentialsOf = ({
  user = CHAOS,
  password = '',
  database = CHAOS,
}: MariadbDeclaration): Omit<LoginPacket, 'scramble'> => ({ user, password, database })
