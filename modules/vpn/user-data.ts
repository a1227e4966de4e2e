import { Fn } from "cdktf";

/** What the VPN's host is told at its first start. Names and ids only: it reads its secrets itself. */
export interface HostFacts {
  readonly region: string;
  /** Of the Elastic IP. */
  readonly allocationId: string;
  readonly preSharedKeyArn: string;
  readonly adminPasswordArn: string;
  /** `NAME@sha256:DIGEST`. */
  readonly image: string;
}

/** Ports that the container serves: IKE, NAT traversal, L2TP and OpenVPN over UDP; SoftEther's own over TCP. */
export const UDP_PORTS = [500, 4500, 1701, 1194];
export const TCP_PORTS = [443, 5555];

/** The part of the script that names nothing of a stack. */
const SCRIPT = `set -euo pipefail
token=$(curl -sf -X PUT http://169.254.169.254/latest/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 300')
instance=$(curl -sf -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/instance-id)
aws ec2 associate-address --allocation-id "$ADDRESS" --instance-id "$instance"
secret() {
  aws secretsmanager get-secret-value --secret-id "$1" --query SecretString --output text 2>/dev/null && return
  made=$(aws secretsmanager get-random-password --password-length 32 --exclude-punctuation --query RandomPassword --output text)
  aws secretsmanager put-secret-value --secret-id "$1" --secret-string "$made" >/dev/null
  echo "$made"
}
umask 077
psk=$(secret "$PRE_SHARED_KEY")
admin=$(secret "$ADMIN_PASSWORD")
{ echo "PSK=$psk"; echo USERNAME=operator; echo "PASSWORD=$admin"; echo "SPW=$admin"; echo "HPW=$admin"; } > /root/vpn.env
dnf install -y docker
systemctl enable --now docker
docker run -d --name vpn --restart always --cap-add NET_ADMIN --env-file /root/vpn.env $PORTS "$IMAGE"
rm /root/vpn.env
`;

/**
 * A shell script, in pieces that Terraform joins (its quotes are Terraform's too, so they are escaped): takes the address, makes the two secrets where they have no value yet, and starts the container. The secrets
 * pass from Secrets Manager into a file that root alone reads, which is gone when the container has it.
 */
export function userData({
  region,
  allocationId,
  preSharedKeyArn,
  adminPasswordArn,
  image,
}: HostFacts): readonly string[] {
  const ports = [...UDP_PORTS.map((port) => `${port}:${port}/udp`), ...TCP_PORTS.map((port) => `${port}:${port}`)];
  const text = Fn.rawString;
  return [
    text(`#!/bin/bash\nexport AWS_DEFAULT_REGION=${region}\nADDRESS=`),
    allocationId,
    text("\nPRE_SHARED_KEY="),
    preSharedKeyArn,
    text("\nADMIN_PASSWORD="),
    adminPasswordArn,
    text(`\nPORTS='${ports.map((port) => `-p ${port}`).join(" ")}'\nIMAGE=${image}\n${SCRIPT}`),
  ];
}
