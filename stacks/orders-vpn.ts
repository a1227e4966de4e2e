import type { Construct } from "constructs";
import type { EncryptionKey } from "../modules/encryption-key";
import type { Network } from "../modules/network";
import { CLIENT_CIDR, SoftEtherVpn, SsmHost } from "../modules/vpn";
import { type OrderSettings, type Settings, SettingsError } from "../settings";

type VpnSettings = OrderSettings["vpn"];
type Kind = VpnSettings["kind"];

export interface OrdersVpnProps {
  readonly settings: Settings;
  /** The deployment's own name of a part. */
  readonly nameOf: (part: string) => string;
  readonly network: Network;
  /** Key that encrypts the VPN's secrets. */
  readonly key: EncryptionKey;
}

/** A way in, and what a person needs to know of it. */
export interface OrdersVpn {
  /** Says on rules who it is. */
  readonly id: string;
  readonly securityGroupId: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** Settings that a kind has a use for. */
const OF_KIND = {
  none: [],
  softether: ["operatorCidr", "image", "spot"],
  ssm: ["spot"],
} as const satisfies Readonly<Record<Kind, readonly (keyof VpnSettings)[]>>;

/** Networks that the VPN connects with this one, for `Network`: none without a VPN of our own. */
export const connectedBy = ({ kind }: VpnSettings): Readonly<Record<string, string>> =>
  kind === "softether" ? { "the VPN's clients": CLIENT_CIDR } : {};

/**
 * The way into the network that the settings choose, as a child of `scope`; none is the default. Each kind has ids and names of its own: from one to the other the new host
 * is there and admitted before the old one goes, since AWS deletes no security group that a rule still names.
 */
export function createVpn(scope: Construct, { settings, nameOf, network, key }: OrdersVpnProps): OrdersVpn | undefined {
  const { vpn } = settings.orders;
  refuseUseless(scope, vpn);
  switch (vpn.kind) {
    case "none":
      return undefined;
    case "softether": {
      const made = new SoftEtherVpn(scope, "vpn-softether", {
        name: nameOf("vpn"),
        region: settings.region,
        network,
        key,
        operatorCidr: required(
          scope,
          vpn,
          "operatorCidr",
          "the addresses you will connect from, such as 192.0.2.7/32 (https://checkip.amazonaws.com shows yours)",
        ),
        image: required(
          scope,
          vpn,
          "image",
          "the server's container by its digest, which `docker buildx imagetools inspect siomiz/softethervpn` shows: siomiz/softethervpn@sha256:DIGEST",
        ),
        spot: vpn.spot,
        profile: settings.profile,
      });
      return {
        id: "vpn-softether",
        securityGroupId: made.securityGroupId,
        outputs: {
          vpn_address: made.address.publicIp,
          vpn_pre_shared_key: made.preSharedKey.name,
          vpn_admin_password: made.adminPassword.name,
        },
      };
    }
    case "ssm": {
      const name = nameOf("vpn-host");
      const made = new SsmHost(scope, "vpn-ssm", { name, network, spot: vpn.spot });
      return { id: "vpn-ssm", securityGroupId: made.securityGroupId, outputs: { vpn_host_group: name } };
    }
  }
}

function required(scope: Construct, vpn: VpnSettings, setting: "operatorCidr" | "image", what: string): string {
  const value = vpn[setting];
  if (value !== undefined) return value;
  throw new SettingsError(
    `${scope.node.path}: orders.vpn.${setting} is missing: with kind "${vpn.kind}" it must be ${what}`,
  );
}

/** A setting that would do nothing is refused: whoever gave it expects something of it, an open port at most. */
function refuseUseless(scope: Construct, vpn: VpnSettings): void {
  const { kind, ...given } = vpn;
  const used: readonly string[] = OF_KIND[kind];
  const useless = Object.entries(given).find(([name, value]) => value !== undefined && !used.includes(name));
  if (useless === undefined) return;
  const [name, value] = useless;
  const kinds = Object.entries(OF_KIND).filter(([, names]) => (names as readonly string[]).includes(name));
  throw new SettingsError(
    `${scope.node.path}: orders.vpn.${name} is for orders.vpn.kind ${kinds.map(([one]) => `"${one}"`).join(" or ")}, got kind "${kind}" and ${name} ${JSON.stringify(value)}`,
  );
}
