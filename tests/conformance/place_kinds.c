/* SPDX-License-Identifier: Apache-2.0
 * The four tokens: what each is claimed to do, its settings and daemons, and how it gets its PIN.
 */
#include "places_impl.h"

#include "p11/module.h"
#include "p11/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- PINs --- */

static CK_UTF8CHAR so_pin[] = PLACE_SO_PIN, pin[] = PLACE_PIN, other_pin[] = "76543210";
#define LEN(text) (sizeof(text) - 1)

static void must(CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return;
	fprintf(stderr, "%s: 0x%lx\n", what, rv);
	_exit(1);
}
#define MUST(call) must(call, #call)

static CK_FUNCTION_LIST *open_module(struct place *p)
{
	static struct p11_module module;
	struct hf_err err;

	if (!hf_ok(p11_module_open(p->module, p->args, &module, &err))) {
		fprintf(stderr, "%s\n", err.text);
		_exit(PLACE_NOT_YET);
	}
	return module.fn;
}

static CK_SLOT_ID first_slot(CK_FUNCTION_LIST *fn)
{
	CK_SLOT_ID slots[16];
	CK_ULONG n = 16;

	MUST(fn->C_GetSlotList(CK_TRUE, slots, &n));
	if (!n)
		_exit(PLACE_NOT_YET);
	return slots[0];
}

static CK_SESSION_HANDLE open_session(CK_FUNCTION_LIST *fn, CK_SLOT_ID slot)
{
	CK_SESSION_HANDLE s;

	MUST(fn->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s));
	return s;
}

/* A token labelled "test"; its security officer is logged in. */
static CK_SESSION_HANDLE init_token(CK_FUNCTION_LIST *fn)
{
	CK_UTF8CHAR label[32];
	CK_SLOT_ID slot = first_slot(fn);
	CK_SESSION_HANDLE s;

	memset(label, ' ', sizeof(label));
	memcpy(label, "test", 4);
	MUST(fn->C_InitToken(slot, so_pin, LEN(so_pin), label));
	s = open_session(fn, slot);
	MUST(fn->C_Login(s, CKU_SO, so_pin, LEN(so_pin)));
	return s;
}

static void init_plainly(struct place *p)
{
	CK_FUNCTION_LIST *fn = open_module(p);
	CK_SESSION_HANDLE s = init_token(fn);

	MUST(fn->C_InitPIN(s, pin, LEN(pin)));
	MUST(fn->C_Finalize(NULL));
}

/* --- SoftHSM2 --- */

static const char *softhsm_begin(struct place *p)
{
	char path[128], text[256];

	snprintf(path, sizeof(path), "%s/tokens", p->dir);
	mkdir(path, 0700);
	snprintf(text, sizeof(text),
	         "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n",
	         path);
	snprintf(path, sizeof(path), "%s/softhsm2.conf", p->dir);
	place_write(path, text);
	setenv("SOFTHSM2_CONF", path, 1);
	return NULL;
}

const struct place_kind place_softhsm = {
	.name = "softhsm",
	.module = "softhsm/libsofthsm2.so",
	.masters = true,
	.wrapped = 1u << KEY_P256 | 1u << KEY_RSA_2048,
	.resident = 1u << KEY_ED25519,
	.matrix = "P-256 rfc5649 210a works - 0 chosen\n"
	          "P-256 rfc3394 2109 works - 0\n"
	          "Ed25519 rfc5649 210a fails wrap 69\n"
	          "Ed25519 rfc3394 2109 fails wrap 69\n"
	          "Ed25519 resident 0 resident - 0 chosen\n"
	          "RSA-2048 rfc5649 210a works - 0 chosen\n"
	          "RSA-2048 rfc3394 2109 works - 0\n",
	.begin = softhsm_begin,
	.initialise = init_plainly,
};

/* --- NSS softoken --- */

static const char *nss_begin(struct place *p)
{
	snprintf(p->args, sizeof(p->args),
	         "configdir='sql:%s' certPrefix='' keyPrefix='' secmod='secmod.db' flags=", p->dir);
	strcpy(p->slot, "label:NSS Certificate DB");
	return NULL;
}

/* A fresh database is slot 2: the security officer's PIN is empty, and sets the user's. */
static void nss_init(struct place *p)
{
	CK_FUNCTION_LIST *fn = open_module(p);
	CK_SESSION_HANDLE s = open_session(fn, 2);

	MUST(fn->C_Login(s, CKU_SO, NULL, 0));
	MUST(fn->C_InitPIN(s, pin, LEN(pin)));
	MUST(fn->C_Finalize(NULL));
}

const struct place_kind place_nss = {
	.name = "nss",
	.module = "libsoftokn3.so",
	.masters = true,
	.wrapped = 1u << KEY_P256 | 1u << KEY_RSA_2048,
	.quirks = QUIRK_NSS_DB,
	/* Whether RFC 3394 takes an RSA key hangs on its length modulo 8: no rows are claimed. */
	.begin = nss_begin,
	.initialise = nss_init,
};

/* --- openCryptoki's software token --- */

/* Its places are fixed, so it gets a view of the file system and of System V's memory where they
 * are empty; the machine's own token stays as it is. */
static const char *ock_begin(struct place *p)
{
	static const char *const covered[] = { "/run", "/dev/shm", "/var/lib/opencryptoki",
		                               "/etc/opencryptoki" };
	static const char *const folders[] = { "/run/lock", "/run/lock/opencryptoki",
		                               "/run/lock/opencryptoki/swtok",
		                               "/var/lib/opencryptoki/swtok",
		                               "/var/lib/opencryptoki/swtok/TOK_OBJ" };
	char *const argv[] = { "/usr/sbin/pkcsslotd", "-f", NULL };
	const struct group *group = getgrnam("pkcs11");

	if (!group || access(argv[0], X_OK) != 0)
		return "openCryptoki's daemon is not installed";
	if (unshare(CLONE_NEWNS | CLONE_NEWIPC) != 0)
		return "its places are fixed, so it needs root and a mount namespace of its own";
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		place_fail("mount namespace");
	for (size_t i = 0; i < HF_COUNT(covered); i++)
		if (mount("tmpfs", covered[i], "tmpfs", 0, "mode=0755") != 0)
			place_fail(covered[i]);
	for (size_t i = 0; i < HF_COUNT(folders); i++)
		if (mkdir(folders[i], 0770) != 0 || chown(folders[i], 0, group->gr_gid) != 0)
			place_fail(folders[i]);
	place_write("/etc/opencryptoki/opencryptoki.conf",
	            "version opencryptoki-3.1\nslot 0\n{\nstdll = libpkcs11_sw.so\n}\n");
	place_daemon(p, argv);
	return place_wait_for("/run/pkcsslotd.socket") ? NULL : "pkcsslotd does not start here";
}

/* Both PINs have to be changed before anything else works. */
static void ock_init(struct place *p)
{
	CK_FUNCTION_LIST *fn = open_module(p);
	CK_SESSION_HANDLE s = init_token(fn);

	MUST(fn->C_SetPIN(s, so_pin, LEN(so_pin), other_pin, LEN(other_pin)));
	MUST(fn->C_InitPIN(s, other_pin, LEN(other_pin)));
	MUST(fn->C_Logout(s));
	MUST(fn->C_Login(s, CKU_USER, other_pin, LEN(other_pin)));
	MUST(fn->C_SetPIN(s, other_pin, LEN(other_pin), pin, LEN(pin)));
	MUST(fn->C_Finalize(NULL));
}

const struct place_kind place_opencryptoki = {
	.name = "opencryptoki",
	.module = "opencryptoki/libopencryptoki.so.0",
	.masters = true,
	.wrapped = 1u << KEY_RSA_2048,
	.quirks = QUIRK_RATCHET,
	.matrix = "P-256 - 0 fails generate 70\n"
	          "Ed25519 - 0 fails generate 70\n"
	          "RSA-2048 cbc-pad 1085 works - 0 chosen\n",
	.begin = ock_begin,
	.initialise = ock_init,
};

/* --- tpm2-pkcs11, on a TPM in software behind a resource manager --- */

static const char bus_settings[] =
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
        " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
        "<busconfig><type>session</type><listen>unix:path=%s/bus</listen>\n"
        "<auth>EXTERNAL</auth><policy context=\"default\">\n"
        "<allow send_destination=\"*\"/><allow receive_sender=\"*\"/><allow own=\"*\"/>\n"
        "</policy></busconfig>\n";

static void tpm_environment(const struct place *p)
{
	char text[128];

	snprintf(text, sizeof(text), "unix:path=%s/bus", p->dir);
	setenv("DBUS_SESSION_BUS_ADDRESS", text, 1);
	snprintf(text, sizeof(text), "%s/store", p->dir);
	mkdir(text, 0700);
	setenv("TPM2_PKCS11_STORE", text, 1);
	setenv("TPM2_PKCS11_TCTI", "tabrmd:bus_type=session", 1);
	setenv("TPM2_PKCS11_LOG_LEVEL", "0", 1);
	setenv("TSS2_LOG", "all+NONE", 1);
}

static const char *tpm_begin(struct place *p)
{
	char settings[192], bus_file[128], state[128], server[128], control[128], tcti[128];
	char text[sizeof(bus_settings) + 64];
	char *const bus[] = { "dbus-daemon", "--nofork", "--nopidfile", settings, NULL };
	char *const tpm[] = { "swtpm",
		              "socket",
		              "--tpm2",
		              "--tpmstate",
		              state,
		              "--server",
		              server,
		              "--ctrl",
		              control,
		              "--flags",
		              "not-need-init,startup-clear",
		              NULL };
	char *const manager[] = { "tpm2-abrmd", "--session", "--allow-root", tcti, NULL };

	if (access("/usr/bin/swtpm", X_OK) != 0 || access("/usr/sbin/tpm2-abrmd", X_OK) != 0 ||
	    access("/usr/bin/dbus-daemon", X_OK) != 0)
		return "swtpm, tpm2-abrmd or dbus-daemon is not installed";
	snprintf(bus_file, sizeof(bus_file), "%s/bus.conf", p->dir);
	snprintf(text, sizeof(text), bus_settings, p->dir);
	place_write(bus_file, text);
	snprintf(settings, sizeof(settings), "--config-file=%s", bus_file);
	snprintf(state, sizeof(state), "dir=%s", p->dir);
	snprintf(server, sizeof(server), "type=unixio,path=%s/tpm", p->dir);
	snprintf(control, sizeof(control), "type=unixio,path=%s/tpm.ctrl", p->dir);
	snprintf(tcti, sizeof(tcti), "--tcti=swtpm:path=%s/tpm", p->dir);
	place_daemon(p, bus);
	place_daemon(p, tpm);
	snprintf(text, sizeof(text), "%s/bus", p->dir);
	snprintf(settings, sizeof(settings), "%s/tpm", p->dir);
	snprintf(state, sizeof(state), "%s/tpm.ctrl", p->dir);
	if (!place_wait_for(text) || !place_wait_for(settings) || !place_wait_for(state))
		return "dbus-daemon or swtpm does not start here";
	tpm_environment(p);
	place_daemon(p, manager);
	return NULL;
}

const struct place_kind place_tpm2 = {
	.name = "tpm2",
	.module = "libtpm2_pkcs11.so.1",
	.resident = 1u << KEY_P256 | 1u << KEY_RSA_2048,
	.quirks = QUIRK_TOKEN_PAIR,
	.matrix = "P-256 resident 0 resident - 0 chosen\n"
	          "Ed25519 - 0 fails generate 70\n"
	          "RSA-2048 resident 0 resident - 0 chosen\n",
	.begin = tpm_begin,
	.initialise = init_plainly,
};
