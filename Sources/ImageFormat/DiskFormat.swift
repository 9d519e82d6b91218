/// A format that images are recognized by. The raw values are those of `disk_format`, but `gpt`, which is the content of raw disks.
public enum DiskFormat: String, Sendable, CaseIterable {
    /// Nothing that is known: the bytes are the disk's.
    case raw
    /// QEMU, docs/interop/qcow2.txt; all versions.
    case qcow2
    /// QEMU, docs/interop/qed_spec.txt
    case qed
    /// Microsoft, Virtual Hard Disk Image Format Specification.
    case vhd
    /// Microsoft, MS-VHDX.
    case vhdx
    /// VMware, Virtual Disk Format 5.0.
    case vmdk
    /// VirtualBox, VDICore.h
    case vdi
    /// ECMA-119 and ECMA-167.
    case iso
    /// UEFI 2.10, chapter 5; master boot records, too.
    case gpt
    /// LUKS On-Disk Format Specification.
    case luks
}
