export { EncryptionKey, type EncryptionKeyProps, type KeyReaders } from "./encryption-key";
