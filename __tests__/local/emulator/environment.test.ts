import { emulatorEnvironment } from "../../../local/emulator/environment";

const environment = emulatorEnvironment({
  folder: "/run/emulator",
  path: "/bin",
  accountId: "000000000000",
  region: "eu-central-1",
  callBack: "http://127.0.0.1:4566",
  port: 0,
  speed: 60,
});

it("holds of AWS's variables only the endpoint that handlers call", () => {
  expect(Object.fromEntries(Object.entries(environment).filter(([name]) => name.startsWith("AWS_")))).toEqual({
    AWS_ENDPOINT_URL: "http://127.0.0.1:4566",
    AWS_EC2_METADATA_DISABLED: "true",
  });
});

it("keeps every file under the run's folder", () => {
  const { HOME, TMPDIR, STATE_DIR, S3_DATA_DIR } = environment;
  expect([HOME, TMPDIR, STATE_DIR, S3_DATA_DIR]).toEqual([
    "/run/emulator/home",
    "/run/emulator/tmp",
    "/run/emulator/state",
    "/run/emulator/s3",
  ]);
});

it("checks signatures and policies, and listens on the loopback address alone", () => {
  const { AUTH, BIND_HOST, IOT_MTLS_ENABLED, SFTP_ENABLED } = environment;
  expect({ AUTH, BIND_HOST, IOT_MTLS_ENABLED, SFTP_ENABLED }).toEqual({
    AUTH: "true",
    BIND_HOST: "127.0.0.1",
    IOT_MTLS_ENABLED: "0",
    SFTP_ENABLED: "0",
  });
});

it("shortens what waits there as the run's clock does", () => {
  const { REDSTREAM_SPEED, SFN_WAIT_SCALE } = environment;
  expect({ REDSTREAM_SPEED, SFN_WAIT_SCALE }).toEqual({ REDSTREAM_SPEED: "60", SFN_WAIT_SCALE: String(1 / 60) });
});
