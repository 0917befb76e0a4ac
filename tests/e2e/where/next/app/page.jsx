import { Ledger } from './ledger'

export default function Page() {
  return <Ledger />
}
